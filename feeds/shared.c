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
    char cursor[24];           /* where HSCAN goes on; empty: before its beginning */
    char last[48];             /* of the stream's entries, the last that was read */
    bool scanned;              /* all items: the stream is followed */
    struct answer *page;       /* of either, and the list in it that holds the entries; NULL: none */
    const struct answer *entries;
    size_t taken;              /* of that list */
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
    case TOLD_NAME:
        of.key = told->name.suspicious ? 64 : told->name.ordinary;
        for (unsigned i = 0; i < told->name.addrs && i < HIT_ADDRS; i++)
            of.addr[i] = told->name.addr[i];
        snprintf(of.name, sizeof of.name, "%s", told->name.name);
        break;
    }
    return id_hash(&of, sizeof of, 0);
}

static uint64_t time_of(const struct told *told)
{
    return told->kind == TOLD_EVIDENCE ? told->evidence.item.last_us : told->name.us;
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

/* The stream's end as it is now: what comes behind it is followed when the items have been scanned. An item in both counts
 * once. */
static enum redis_result find_end(struct shared *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    const char *argv[] = {"XREVRANGE", s->stream, "+", "-", "COUNT", "1"};
    struct answer *answer = redis_session_approve(&s->session, redis_session_ask(&s->session, 6, argv, &result, err), &result, err);
    if (answer == NULL)
        return result;
    const struct answer *newest = answer_item(answer, 0);
    slice_text(newest != NULL ? answer_text(answer_item(newest, 0)) : S("0-0"), s->last, sizeof s->last);
    snprintf(s->cursor, sizeof s->cursor, "0");
    answer_free(answer);
    return REDIS_SENT;
}

/* The next page of what others put: first the items that are there, then what the stream has behind them. */
static enum redis_result turn_page(struct shared *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    const char *scan[] = {"HSCAN", s->items, s->cursor, "COUNT", "32"}, *follow[] = {"XREAD", "COUNT", "32", "STREAMS", s->stream, s->last};
    answer_free(s->page);
    s->page = redis_session_ask(&s->session, s->scanned ? 6 : 5, s->scanned ? follow : scan, &result, err);
    s->page = redis_session_approve(&s->session, s->page, &result, err);
    s->taken = 0;
    if (s->page == NULL)
        return result;
    if (s->scanned) {
        s->entries = answer_kind(s->page) == ANSWER_LIST ? answer_item(answer_item(s->page, 0), 1) : s->page;
    } else {
        s->entries = answer_item(s->page, 1);
        slice_text(answer_text(answer_item(s->page, 0)), s->cursor, sizeof s->cursor);
    }
    return REDIS_SENT;
}

/* One entry of the page: an item's field and message, or what a stream's entry says of sensor and message. */
static void read_entry(struct shared *s, struct slice *sensor, struct slice *message)
{
    if (!s->scanned) {
        *sensor = sensor_of(answer_text(answer_item(s->entries, s->taken)));
        *message = answer_text(answer_item(s->entries, s->taken + 1));
        s->taken += 2;
        return;
    }
    const struct answer *entry = answer_item(s->entries, s->taken++), *fields = answer_item(entry, 1);
    slice_text(answer_text(answer_item(entry, 0)), s->last, sizeof s->last);
    *sensor = answer_text(answer_item(fields, 1));
    *message = answer_text(answer_item(fields, 3));
}

enum redis_result shared_take(struct shared *s, struct told *told, bool *any, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    *any = false;
    if (s->cursor[0] == '\0')
        result = find_end(s, err);
    while (result == REDIS_SENT) {
        while (s->page != NULL && s->taken < answer_count(s->entries)) {
            struct slice sensor, message;
            read_entry(s, &sensor, &message);
            if (slice_eq(sensor, slice_str(s->sensor)))
                continue;
            if ((*any = read_message(message, told)))
                return REDIS_SENT;
            s->unreadable++;
        }
        bool ended = s->scanned && s->page != NULL && answer_count(s->entries) == 0;
        bool turned = !s->scanned && s->page != NULL && strcmp(s->cursor, "0") == 0;
        answer_free(s->page);
        s->page = NULL;
        s->scanned |= turned;
        if (ended)
            break;
        result = turn_page(s, err);
    }
    return result;
}

uint64_t shared_unreadable(const struct shared *s)
{
    return s->unreadable;
}
