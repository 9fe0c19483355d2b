#include "feeds/shared.h"

#include <stdlib.h>

#include "classifiers/hextext.h"
#include "feeds/id.h"

enum {
    ITEMS = 65536,         /* in Redis, of all sensors: about 60 MB */
    MESSAGE = 2 * TOLD_BYTES + 1,
    SENSOR = 256, FIELD = SENSOR + 20
};

#define DAYS_180 "15552000" /* seconds: four half-lives of evidence, and nobody asks any more */

/* An item is its sensor's latest word on one thing, so that the same word again changes nothing: sums are made by those who
 * read, of different things, and neither a repeat nor a second sensor doubles one. */
static const char script[] =
    "for i = 3, #ARGV, 3 do\n"
    "  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 2] then\n"
    "    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])\n"
    "    redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])\n"
    "    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'sensor', ARGV[1], 'told', ARGV[i + 2])\n"
    "  end\n"
    "end\n"
    "local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[2])\n"
    "if over > 0 then\n"
    "  for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, over - 1)) do\n"
    "    redis.call('HDEL', KEYS[1], old)\n"
    "    redis.call('ZREM', KEYS[2], old)\n"
    "  end\n"
    "end\n"
    "for i = 1, 3 do redis.call('EXPIRE', KEYS[i], " DAYS_180 ") end\n"
    "return 1\n";

struct shared {
    struct redis_session session;
    char sensor[SENSOR];
    char items[512], ages[512], stream[512];
    char last[48];             /* of the stream's entries, the last that was read; empty: before the beginning */
    struct answer *fields;     /* of all items that were there, in the order of their times; NULL: the stream is followed */
    size_t asked;              /* of the fields */
    struct answer *page;       /* messages of some of them, or entries of the stream; NULL: none */
    const struct answer *entries;
    size_t taken;              /* of those */
    uint64_t unreadable;
    char field[SHARED_PAGE][FIELD], time[SHARED_PAGE][24], message[SHARED_PAGE][MESSAGE];
};

struct shared *shared_open(const struct redis_login *login, const char *key, const char *sensor, char err[static ERRLEN])
{
    struct shared *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, "no memory for what sensors share");
        return NULL;
    }
    snprintf(s->sensor, sizeof s->sensor, "%s", sensor);
    snprintf(s->items, sizeof s->items, "%s:told:items", key);
    snprintf(s->ages, sizeof s->ages, "%s:told:ages", key);
    snprintf(s->stream, sizeof s->stream, "%s:told", key);
    if (!redis_session_open(&s->session, login, err)) {
        free(s);
        return NULL;
    }
    return s;
}

void shared_close(struct shared *s)
{
    if (s == NULL)
        return;
    answer_free(s->page);
    answer_free(s->fields);
    redis_session_close(&s->session);
    free(s);
}

/* What makes an item the same thing told again. */
static uint64_t thing(const struct told *told)
{
    struct {
        struct addr addr[HIT_ADDRS];
        uint64_t kind, key;
        char name[HIT_NAME];
    } of;
    memset(&of, 0, sizeof of); /* the padding is hashed too */
    of.kind = told->kind;
    switch (told->kind) {
    case TOLD_EVIDENCE:
        of.addr[0] = told->evidence.client;
        of.key = told->evidence.item.key;
        break;
    case TOLD_BEAT:
        of.addr[0] = told->beat.client;
        of.key = told->beat.us;
        snprintf(of.name, sizeof of.name, "%s", told->beat.name);
        break;
    case TOLD_NAME:
        for (unsigned i = 0; i < told->name.addrs && i < HIT_ADDRS; i++)
            of.addr[i] = told->name.addr[i];
        snprintf(of.name, sizeof of.name, "%s", told->name.name);
        break;
    case TOLD_PLACE:
        of.addr[0] = told->place.addr;
        break;
    case TOLD_ASKED:
        of.addr[0] = told->asked.client;
        break;
    }
    return id_hash(&of, sizeof of, 0);
}

static uint64_t time_of(const struct told *told)
{
    switch (told->kind) {
    case TOLD_EVIDENCE: return told->evidence.item.last_us;
    case TOLD_BEAT: return told->beat.us;
    case TOLD_PLACE: return told->place.us;
    case TOLD_ASKED: return told->asked.last_us;
    case TOLD_NAME: break;
    }
    return told->name.us;
}

/* In hex: messages are bytes, commands are text, and whoever looks with redis-cli keeps his terminal. */
static void write_message(const struct told *told, char out[static MESSAGE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[TOLD_BYTES];
    size_t len = told_write(bytes, told);
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static bool read_message(struct slice text, struct told *told)
{
    uint8_t bytes[TOLD_BYTES];
    if (text.len % 2 != 0 || text.len / 2 > sizeof bytes)
        return false;
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hextext_digit(text.p[2 * i]), low = hextext_digit(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return told_read(told, slice_of(bytes, text.len / 2));
}

enum redis_result shared_put(struct shared *s, const struct told *told, size_t count, char err[static ERRLEN])
{
    char most[16];
    const char *argv[8 + 3 * SHARED_PAGE] = {"EVAL", script, "3", s->items, s->ages, s->stream, s->sensor, most};
    int argc = 8;
    enum redis_result result = REDIS_SENT;
    snprintf(most, sizeof most, "%d", ITEMS);
    for (size_t i = 0; i < count && i < SHARED_PAGE; i++) {
        snprintf(s->field[i], sizeof s->field[i], "%s|%016llx", s->sensor, (unsigned long long)thing(&told[i]));
        snprintf(s->time[i], sizeof s->time[i], "%llu", (unsigned long long)time_of(&told[i]));
        write_message(&told[i], s->message[i]);
        argv[argc++] = s->field[i];
        argv[argc++] = s->time[i];
        argv[argc++] = s->message[i];
    }
    answer_free(redis_session_approve(&s->session, redis_session_ask(&s->session, argc, argv, &result, err), &result, err));
    return result;
}

/* The sensor that a field names: all before its last bar, as a sensor's name may hold one. */
static struct slice sensor_of(struct slice field)
{
    size_t len = field.len;
    while (len > 0 && field.p[len - 1] != '|')
        len--;
    return slice_of(field.p, len > 0 ? len - 1 : 0);
}

/* One command: NULL where there is no answer to work with. */
static struct answer *ask(struct shared *s, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    return redis_session_approve(&s->session, redis_session_ask(&s->session, argc, argv, result, err), result, err);
}

/* First what is there, oldest first, and then what comes behind the stream's end as it is before that is read: an item in
 * both counts once. */
static enum redis_result begin(struct shared *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    const char *newest[] = {"XREVRANGE", s->stream, "+", "-", "COUNT", "1"}, *all[] = {"ZRANGE", s->ages, "0", "-1"};
    struct answer *end = ask(s, 6, newest, &result, err);
    if (end == NULL || (s->fields = ask(s, 4, all, &result, err)) == NULL) {
        answer_free(end);
        return result;
    }
    const struct answer *entry = answer_item(end, 0);
    slice_text(entry != NULL ? answer_text(answer_item(entry, 0)) : S("0-0"), s->last, sizeof s->last);
    answer_free(end);
    return REDIS_SENT;
}

enum { PAGE = 32 };            /* items or entries asked for at once */

/* The next messages of items. Those of a page that did not come are asked for again. */
static enum redis_result next_items(struct shared *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    const char *argv[2 + PAGE] = {"HMGET", s->items};
    int argc = 2;
    while (argc < 2 + PAGE && s->asked + (size_t)argc - 2 < answer_count(s->fields)) {
        argv[argc] = (const char *)answer_text(answer_item(s->fields, s->asked + (size_t)argc - 2)).p;
        argc++;
    }
    if ((s->page = ask(s, argc, argv, &result, err)) != NULL)
        s->asked += (size_t)argc - 2;
    s->entries = s->page;
    return result;
}

static enum redis_result next_entries(struct shared *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    const char *argv[] = {"XREAD", "COUNT", "32", "STREAMS", s->stream, s->last};
    s->page = ask(s, 6, argv, &result, err);
    s->entries = answer_item(answer_item(s->page, 0), 1); /* of the one stream; none where there is nothing new */
    return result;
}

/* Turns to the next page, leaving page NULL where there is none for now. */
static enum redis_result turn_page(struct shared *s, char err[static ERRLEN])
{
    answer_free(s->page);
    s->page = NULL;
    s->taken = 0;
    if (s->last[0] == '\0') {
        enum redis_result result = begin(s, err);
        if (result != REDIS_SENT)
            return result;
    }
    if (s->fields != NULL && s->asked < answer_count(s->fields))
        return next_items(s, err);
    answer_free(s->fields);
    s->fields = NULL;
    enum redis_result result = next_entries(s, err);
    if (s->page != NULL && s->entries == NULL) {
        answer_free(s->page);
        s->page = NULL;
    }
    return result;
}

/* Of an item its field names the sensor; an entry says it itself. */
static void read_entry(struct shared *s, struct slice *sensor, struct slice *message)
{
    const struct answer *entry = answer_item(s->entries, s->taken++);
    if (s->fields != NULL) {
        *sensor = sensor_of(answer_text(answer_item(s->fields, s->asked - answer_count(s->entries) + s->taken - 1)));
        *message = answer_text(entry);
        return;
    }
    const struct answer *pairs = answer_item(entry, 1);
    slice_text(answer_text(answer_item(entry, 0)), s->last, sizeof s->last);
    *sensor = pairs != NULL ? answer_text(answer_item(pairs, 1)) : S("");
    *message = pairs != NULL ? answer_text(answer_item(pairs, 3)) : S("");
}

enum redis_result shared_take(struct shared *s, struct told *told, bool *any, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    *any = false;
    do {
        while (s->page != NULL && s->taken < answer_count(s->entries)) {
            struct slice sensor, message;
            read_entry(s, &sensor, &message);
            if (slice_eq(sensor, slice_str(s->sensor)) || message.len == 0)
                continue; /* our own, or forgotten meanwhile */
            if ((*any = read_message(message, told)))
                return REDIS_SENT;
            s->unreadable++;
        }
        result = turn_page(s, err);
    } while (result == REDIS_SENT && s->page != NULL);
    return result;
}

uint64_t shared_unreadable(const struct shared *s)
{
    return s->unreadable;
}
