#include "capture/dns.h"

#include <limits.h>

#include "capture/name.h"

enum {
    HEADER = 12,
    NAME_WIRE = 255,                     /* bytes of a name with its length bytes and the root (RFC 1035 section 3.1) */
    JUMPS = 127,                         /* a name has no more labels than that, so more pointers compress nothing */
    LANES = 16,                          /* bytes of a name that are copied at once */
    NAME_TEXT = NAME_WIRE * NAME_ESCAPE + LANES - 1, /* what a name takes at most when it is written out */
    KNOWN = 4,                           /* names that a pointer may lead to again, remembered with their text */
    IN = 1                               /* the class of the Internet */
};

/* A message being read. The offsets of a few names are kept with their text: nearly every owner in an answer is one
 * pointer to the question or to the CNAME before it, and is then neither walked nor written a second time. */
struct reader {
    struct dns_msg *msg;
    struct slice wire;
    size_t at;
    unsigned names;
    struct {
        size_t at;
        struct slice text;
    } known[KNOWN];
};

enum taken { TAKEN, BROKEN, NO_ROOM };

static bool recall(const struct reader *r, size_t at, struct slice *name)
{
    for (unsigned i = 0; i < KNOWN && i < r->names; i++)
        if (r->known[i].at == at) {
            *name = r->known[i].text;
            return true;
        }
    return false;
}

static void remember(struct reader *r, size_t at, struct slice name)
{
    /* The first, which is the question's, stays; the others take turns. */
    unsigned slot = r->names < KNOWN ? r->names : 1 + r->names % (KNOWN - 1);
    r->known[slot].at = at;
    r->known[slot].text = name;
    r->names++;
}

/* Where the pointer at `at` leads, or 0. It may only go back before the labels it ends (an honest one names a "prior
 * occurrence", RFC 1035 section 4.1.4), so no walk turns in a circle; and not into the header, where no name is. */
static size_t jump(struct slice wire, size_t at, size_t before)
{
    size_t to = (size_t)(wire.p[at] & 0x3f) << 8 | wire.p[at + 1];
    return to >= HEADER && to < before ? to : 0;
}

/* Labels with a byte that needs an escape, or too near to the end of the message. */
static char *put_each(char *out, struct slice wire, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += wire.p[at] + 1u) {
        if (at != from)
            *out++ = '.';
        out = name_put(out, slice_of(wire.p + at + 1, wire.p[at]), NAME_LABEL);
    }
    return out;
}

/* Writes the labels that stand from `from` to `to`, dots between them. They are copied as they stand; then dots take the
 * place of the length bytes, of which `odd` are no plain bytes: where more than those were met a label has one. */
static char *put_labels(char *out, struct slice wire, size_t from, size_t to, unsigned odd)
{
    const uint8_t *text = wire.p + from + 1;
    size_t len = to - from - 1;
    if (wire.len - from - 1 < (len + LANES - 1) / LANES * LANES || name_copy(out, text, len) != odd)
        return put_each(out, wire, from, to);
    for (size_t at = from + wire.p[from] + 1u; at < to; at += wire.p[at] + 1u)
        out[at - from - 1] = '.';
    return out + len;
}

static bool is_odd(uint8_t length)
{
    return length <= ' ' || length == '.';
}

/* Walks the labels from `at` and writes them to out. Returns the characters written, or -1. *after is the offset behind
 * the name where it stands: in place it may not reach past `limit`, behind a pointer it may not leave the message. */
static ptrdiff_t walk(struct slice wire, size_t at, size_t limit, size_t *after, char *out)
{
    char *const start = out;
    size_t before = at, bytes = 1;
    unsigned jumps = 0;
    *after = 0;
    for (;;) {
        size_t from = at;
        unsigned odd = 0;
        uint8_t len = 0;
        while (at < limit && (len = wire.p[at]) > 0 && len < 64 && len < limit - at) {
            odd += at != from && is_odd(len);
            at += len + 1u;
        }
        bytes += at - from;
        if (at >= limit || bytes > NAME_WIRE)
            return -1;
        if (at > from && out != start)
            *out++ = '.';
        if (at > from)
            out = put_labels(out, wire, from, at, odd);
        if (len == 0) {
            if (*after == 0)
                *after = at + 1;
            return out - start;
        }
        size_t to = len >= 0xc0 && at + 2 <= limit ? jump(wire, at, before) : 0;
        if (to == 0 || ++jumps > JUMPS)
            return -1;
        if (*after == 0)
            *after = at + 2;
        at = before = to;
        limit = wire.len;
    }
}

/* The name at r->at, which in place may not reach past `limit`; r->at moves behind it. */
static inline enum taken take_name(struct reader *r, size_t limit, struct slice *name)
{
    size_t at = r->at;
    if (at < limit && r->wire.p[at] == 0) { /* the root, as EDNS has it */
        *name = slice_of(r->msg->text + r->msg->text_len, 0);
        r->at++;
        return TAKEN;
    }
    if (at + 2 <= limit && r->wire.p[at] >= 0xc0 && recall(r, jump(r->wire, at, at), name)) {
        r->at += 2;
        return TAKEN;
    }
    if (DNS_TEXT - r->msg->text_len < NAME_TEXT)
        return NO_ROOM;
    char *out = r->msg->text + r->msg->text_len;
    ptrdiff_t len = walk(r->wire, at, limit, &r->at, out);
    if (len < 0)
        return BROKEN;
    *name = slice_of(out, (size_t)len);
    r->msg->text_len += (size_t)len;
    remember(r, at, *name);
    return TAKEN;
}

/* The hints of a SVCB record's parameters (RFC 9460 section 7.3); a list that lies gives what came before the lie. */
static void take_hint(struct dns_rr *rr, struct slice parameters)
{
    enum { IPV4HINT = 4, IPV6HINT = 6 };
    struct cursor c = cursor_of(parameters);
    while (cursor_left(&c) > 0 && !rr->has_addr) {
        uint16_t key = cursor_u16(&c);
        struct slice value = cursor_take(&c, cursor_u16(&c));
        if (c.bad)
            return;
        if (key == IPV4HINT && value.len >= 4) {
            rr->addr = addr_v4(value.p);
            rr->has_addr = true;
        } else if (key == IPV6HINT && value.len >= 16) {
            rr->addr = addr_v6(value.p);
            rr->has_addr = true;
        }
    }
}

/* The name in a record's data, `ahead` bytes in. Only a SVCB's has anything behind it. */
static enum taken take_target(struct reader *r, struct dns_rr *rr, size_t ahead)
{
    size_t start = (size_t)(rr->rdata.p - r->wire.p), end = start + rr->rdata.len;
    if (rr->rdata.len <= ahead)
        return BROKEN;
    r->at = start + ahead;
    struct slice target;
    enum taken taken = take_name(r, end, &target);
    if (taken != TAKEN)
        return taken;
    if (rr->type == DNS_SVCB || rr->type == DNS_HTTPS)
        take_hint(rr, slice_of(r->wire.p + r->at, end - r->at));
    else if (r->at != end)
        return BROKEN;
    rr->target = target;
    return TAKEN;
}

/* How many bytes stand before the name in a record's data; -1: no name that is wanted here. */
static int name_ahead(uint16_t type)
{
    static const struct {
        uint16_t type;
        int8_t ahead;
    } rows[] = {{DNS_CNAME, 0}, {DNS_NS, 0}, {DNS_PTR, 0}, {DNS_MX, 2}, {DNS_SRV, 6}, {DNS_SVCB, 2}, {DNS_HTTPS, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == type)
            return rows[i].ahead;
    return -1;
}

/* A record whose data do not fit its type stays, without target and address: its length still leads to the next one. */
static enum taken take_rdata(struct reader *r, struct dns_rr *rr)
{
    rr->target = slice_of(r->msg->text, 0);
    rr->has_addr = false;
    if (rr->type == DNS_A && rr->rdata.len == 4) {
        rr->addr = addr_v4(rr->rdata.p);
        rr->has_addr = true;
    } else if (rr->type == DNS_AAAA && rr->rdata.len == 16) {
        rr->addr = addr_v6(rr->rdata.p);
        rr->has_addr = true;
    } else if (rr->type == DNS_OPT) {
        r->msg->rcode |= (uint8_t)(rr->ttl >> 24 << 4);
    } else {
        int ahead = name_ahead(rr->type);
        if (ahead >= 0 && take_target(r, rr, (size_t)ahead) == NO_ROOM)
            return NO_ROOM;
    }
    return TAKEN;
}

static enum taken take_rr(struct reader *r, struct dns_rr *rr)
{
    enum taken taken = take_name(r, r->wire.len, &rr->name);
    if (taken != TAKEN)
        return taken;
    struct cursor c = cursor_of(slice_from(r->wire, r->at));
    const struct slice fixed = cursor_take(&c, 10);
    if (c.bad)
        return BROKEN;
    rr->type = cursor_be16(fixed.p);
    rr->class = cursor_be16(fixed.p + 2);
    rr->ttl = cursor_be32(fixed.p + 4);
    rr->rdata = cursor_take(&c, cursor_be16(fixed.p + 8));
    if (c.bad)
        return BROKEN;
    taken = take_rdata(r, rr);
    r->at = (size_t)(c.p - r->wire.p);
    return taken;
}

/* The classes that exist (RFC 6895 section 3.2), with the top bit that multicast DNS has given a meaning of its own
 * (RFC 6762 section 5.4). */
static bool class_exists(uint16_t class)
{
    class &= 0x7fff;
    return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static bool take_question(struct reader *r, struct dns_question *q)
{
    if (take_name(r, r->wire.len, &q->name) != TAKEN)
        return false;
    struct cursor c = cursor_of(slice_from(r->wire, r->at));
    q->type = cursor_u16(&c);
    q->class = cursor_u16(&c);
    r->at = (size_t)(c.p - r->wire.p);
    return !c.bad;
}

/* Steps over a question, whose name need not lead anywhere. */
static bool skip_question(struct reader *r)
{
    struct cursor c = cursor_of(slice_from(r->wire, r->at));
    uint8_t len;
    while ((len = cursor_u8(&c)) > 0 && len < 0xc0)
        cursor_skip(&c, len);
    cursor_skip(&c, len > 0 ? 5 : 4);
    r->at = (size_t)(c.p - r->wire.p);
    return !c.bad;
}

/* The first question is what a message is about: it has to be there and to be sound. Others, which no server answers,
 * are stepped over. */
static bool take_questions(struct reader *r)
{
    struct dns_msg *msg = r->msg;
    if (msg->questions == 0) {
        msg->question = (struct dns_question){slice_of(msg->text, 0), 0, 0};
        return true;
    }
    if (!take_question(r, &msg->question) || !class_exists(msg->question.class))
        return false;
    for (unsigned i = 1; i < msg->questions && !msg->cut; i++)
        msg->cut = !skip_question(r);
    return true;
}

/* Takes what is left of the records, section after section, until one is broken or no room is left for it. */
static void take_records(struct reader *r, const uint16_t promised[static 3])
{
    struct dns_msg *msg = r->msg;
    uint16_t *kept[3] = {&msg->answers, &msg->authorities, &msg->additionals};
    unsigned total = (unsigned)promised[0] + promised[1] + promised[2], taken = 0;
    for (int section = 0; section < 3; section++)
        for (; *kept[section] < promised[section] && !msg->cut; ++*kept[section], taken++) {
            enum taken result = taken < DNS_RRS ? take_rr(r, &msg->rr[taken]) : NO_ROOM;
            if (result == NO_ROOM) {
                msg->left_out = (uint16_t)(total - taken < UINT16_MAX ? total - taken : UINT16_MAX);
                return;
            }
            if (result == BROKEN) {
                msg->cut = true;
                return;
            }
        }
}

/* What cannot be DNS is left to others by three signs: an operation that does not exist (RFC 6895 section 2.2) or
 * carries no names (DSO, RFC 8490); a first question that is no name, or of no class there is; or neither a question
 * nor a record of a class there is, unless it is a bare answer that only says why there is none. The reserved bit Z is
 * no sign: servers answer with it set, so a client could hide behind it. Nor is a record count that cannot fit: frames
 * are captured short and answers are truncated, and such a message still tells what was asked. */
bool dns_parse(struct dns_msg *msg, struct slice wire)
{
    static const bool operation[16] = {[0] = true, [1] = true, [2] = true, [4] = true, [5] = true};
    if (wire.len < HEADER || !operation[wire.p[2] >> 3 & 15])
        return false;
    msg->id = cursor_be16(wire.p);
    msg->flags = cursor_be16(wire.p + 2);
    msg->questions = cursor_be16(wire.p + 4);
    const uint16_t promised[3] = {cursor_be16(wire.p + 6), cursor_be16(wire.p + 8), cursor_be16(wire.p + 10)};
    msg->answer = msg->flags >> 15;
    msg->rcode = msg->flags & 15;
    msg->cut = false;
    msg->answers = msg->authorities = msg->additionals = msg->left_out = 0;
    msg->text_len = 0;
    struct reader r;
    r.msg = msg;
    r.wire = wire;
    r.at = HEADER;
    r.names = 0; /* of known nothing is read before it is written */
    if (!take_questions(&r))
        return false;
    if (!msg->cut)
        take_records(&r, promised);
    if (msg->questions > 0)
        return true;
    if (msg->answers + msg->authorities + msg->additionals == 0)
        return msg->answer && wire.len == HEADER;
    return class_exists(msg->rr[0].class) || msg->rr[0].type == DNS_OPT;
}

/* Nobody has said that this is DNS, so all is asked for that other protocols would have to have by chance: a plain
 * operation, one question, about a name of visible bytes in class IN, and just the records that a query has and that
 * there is room for. A name of one label would let in NetBIOS, which has the same shape. */
bool dns_looks_like(struct slice wire)
{
    enum { ANSWER = 0x8000, RCODE = 0x000f, OPCODE_AND_Z = 0x7840, QUESTION_LEAST = 7, RECORD_LEAST = 11 };
    struct cursor c = cursor_of(wire);
    cursor_skip(&c, 2);
    uint16_t flags = cursor_u16(&c), questions = cursor_u16(&c), answers = cursor_u16(&c), authorities = cursor_u16(&c);
    size_t records = (size_t)answers + authorities + cursor_u16(&c), after;
    if (c.bad || questions != 1 || (flags & OPCODE_AND_Z) != 0
        || wire.len < HEADER + QUESTION_LEAST + records * RECORD_LEAST)
        return false;
    if ((flags & ANSWER) == 0 && ((flags & RCODE) != 0 || answers + authorities > 0))
        return false;
    char text[NAME_TEXT];
    ptrdiff_t len = walk(wire, HEADER, wire.len, &after, text);
    if (len <= 0 || memchr(text, '\\', (size_t)len) != NULL || memchr(text, '.', (size_t)len) == NULL)
        return false;
    c = cursor_of(slice_from(wire, after));
    uint16_t type = cursor_u16(&c), class = cursor_u16(&c);
    return !c.bad && type != 0 && class == IN && (records > 0 || cursor_left(&c) == 0);
}

static size_t add_once(struct addr *out, size_t count, const struct addr *addr)
{
    for (size_t i = 0; i < count; i++)
        if (addr_eq(&out[i], addr))
            return count;
    out[count] = *addr;
    return count + 1;
}

/* An owner that was a pointer to a name known by then is that name, down to its place in the text. */
static bool same_name(struct slice a, struct slice b)
{
    return (a.p == b.p && a.len == b.len) || slice_eq(a, b);
}

/* One step down the chain takes the addresses of a name and its alias. In an honest message each answer is the alias of
 * one step only, so after as many steps as there are answers the chain is a circle. */
size_t dns_addresses(const struct dns_msg *msg, struct addr *out, size_t max)
{
    enum { CHAIN = 32 };
    struct slice name = msg->question.name;
    size_t count = 0;
    for (unsigned step = 0; name.len > 0 && step <= msg->answers && step < CHAIN; step++) {
        struct slice alias = {NULL, 0};
        for (unsigned i = 0; i < msg->answers && count < max; i++) {
            const struct dns_rr *rr = &msg->rr[i];
            if ((rr->class & 0x7fff) != IN || !same_name(rr->name, name))
                continue;
            if (rr->type == DNS_CNAME && alias.len == 0)
                alias = rr->target;
            else if ((rr->type == DNS_A || rr->type == DNS_AAAA) && rr->has_addr)
                count = add_once(out, count, &rr->addr);
        }
        name = alias;
    }
    return count;
}

struct slice dns_alias(const struct dns_msg *msg)
{
    struct slice name = msg->question.name, alias = {NULL, 0};
    for (unsigned i = 0, steps = 0; i < msg->answers && steps < msg->answers; i++) {
        const struct dns_rr *rr = &msg->rr[i];
        if ((rr->class & 0x7fff) != IN || rr->type != DNS_CNAME || !same_name(rr->name, name))
            continue;
        name = alias = rr->target;
        steps++;
        i = UINT_MAX; /* the chain may stand in any order: from the first record again */
    }
    return alias;
}

/* Nearly every answer tells the chain from its beginning: each record is of the question's name, or of the name that the
 * CNAME before it led to. Then one walk finds what the two functions above find. False: it is of another kind. */
static bool leads_in_order(const struct dns_msg *msg, struct addr *out, size_t max, size_t *count, struct slice *alias)
{
    enum { NAMES = 4 };
    struct slice name[NAMES] = {msg->question.name};
    unsigned names = 1;
    for (unsigned i = 0; i < msg->answers; i++) {
        const struct dns_rr *rr = &msg->rr[i];
        if ((rr->class & 0x7fff) != IN || !same_name(rr->name, name[names - 1]))
            return false;
        if (rr->type == DNS_CNAME) {
            if (rr->target.len == 0 || names == NAMES)
                return false;
            for (unsigned k = 0; k < names; k++) /* a circle */
                if (same_name(rr->target, name[k]))
                    return false;
            name[names++] = rr->target;
        } else if ((rr->type == DNS_A || rr->type == DNS_AAAA) && rr->has_addr && *count < max) {
            *count = add_once(out, *count, &rr->addr);
        }
    }
    *alias = names > 1 ? name[names - 1] : slice_of(NULL, 0);
    return name[0].len > 0;
}

size_t dns_leads(const struct dns_msg *msg, struct addr *out, size_t max, struct slice *alias)
{
    size_t count = 0;
    if (leads_in_order(msg, out, max, &count, alias))
        return count;
    *alias = dns_alias(msg);
    return dns_addresses(msg, out, max);
}
