#include "capture/tls.h"

#include "capture/cursor.h"
#include "capture/name.h"

enum {
    RECORD = 5,               /* a record's header */
    RECORD_MAX = 16384,       /* bytes of a record in the clear (RFC 8446 section 5.1) */
    RECORD_HANDSHAKE = 22,
    CLIENT_HELLO = 1,
    HANDSHAKE = 4,            /* type and length before a handshake message */
    HOST_MAX = 255            /* a longer name is no host's */
};

/* Values that clients sprinkle in to keep servers tolerant (RFC 8701): 0a0a, 1a1a … fafa. */
static bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static bool more(const struct cursor *c)
{
    return !c->bad && cursor_left(c) > 0;
}

static struct cursor vector8(struct cursor *c)
{
    return cursor_of(cursor_take(c, cursor_u8(c)));
}

static struct cursor vector16(struct cursor *c)
{
    return cursor_of(cursor_take(c, cursor_u16(c)));
}

/* The first host_name. A last dot, which RFC 6066 forbids, says nothing; a name too long for a host, or for the field
 * once it is escaped, is left out rather than cut, because its end is what tells whose it is. */
static bool take_server_name(struct tls_hello *hello, struct cursor c)
{
    struct cursor list = vector16(&c);
    while (more(&list)) {
        uint8_t type = cursor_u8(&list);
        struct slice name = cursor_take(&list, cursor_u16(&list));
        if (type != 0 || list.bad || name.len > HOST_MAX || hello->server_name[0] != '\0')
            continue;
        if (slice_ends(name, S(".")))
            name.len--;
        char text[HOST_MAX * NAME_ESCAPE];
        size_t len = (size_t)(name_put(text, name, NAME_WHOLE) - text);
        if (len < TLS_NAME)
            slice_text(slice_of(text, len), hello->server_name, TLS_NAME);
    }
    return !c.bad && !list.bad && cursor_left(&c) == 0;
}

static bool take_alpn(struct tls_hello *hello, struct cursor c)
{
    struct cursor list = vector16(&c);
    while (more(&list)) {
        struct slice name = cursor_take(&list, cursor_u8(&list));
        if (hello->alpn[0] != '\0' || (name.len == 2 && is_grease((uint16_t)(name.p[0] << 8 | name.p[1]))))
            continue;
        char text[UINT8_MAX * NAME_ESCAPE];
        size_t len = (size_t)(name_put(text, name, NAME_WHOLE) - text);
        slice_text(slice_of(text, len), hello->alpn, sizeof hello->alpn);
    }
    return !c.bad && !list.bad && cursor_left(&c) == 0;
}

/* The highest number of a TLS version; those of drafts (7f1c …) are higher but older, and count where no other is. */
static bool take_versions(struct tls_hello *hello, struct cursor c)
{
    struct cursor list = vector8(&c);
    uint16_t best = 0, draft = 0;
    while (more(&list)) {
        uint16_t version = cursor_u16(&list);
        if (version >> 8 == 3 && version > best)
            best = version;
        else if (version >> 8 != 3 && !is_grease(version) && version > draft)
            draft = version;
    }
    if (best > 0 || draft > 0)
        hello->version = best > 0 ? best : draft;
    return !c.bad && !list.bad && cursor_left(&c) == 0;
}

static bool take_extension(struct tls_hello *hello, uint16_t type, struct cursor data)
{
    enum { SERVER_NAME = 0, ALPN = 16, SUPPORTED_VERSIONS = 43, ENCRYPTED_CLIENT_HELLO = 0xfe0d };
    if (type == SERVER_NAME)
        return take_server_name(hello, data);
    if (type == ALPN)
        return take_alpn(hello, data);
    if (type == SUPPORTED_VERSIONS)
        return take_versions(hello, data);
    if (type == ENCRYPTED_CLIENT_HELLO)
        hello->ech = true;
    return true;
}

bool tls_parse_hello(struct tls_hello *hello, struct slice handshake)
{
    *hello = (struct tls_hello){.version = 0};
    struct cursor outer = cursor_of(handshake);
    if (cursor_u8(&outer) != CLIENT_HELLO)
        return false;
    struct cursor c = cursor_of(cursor_take(&outer, cursor_u24(&outer)));
    hello->version = cursor_u16(&c);
    cursor_skip(&c, 32); /* random */
    struct cursor session = vector8(&c), suites = vector16(&c), compressions = vector8(&c);
    if (outer.bad || c.bad || hello->version >> 8 != 3 || cursor_left(&session) > 32 || cursor_left(&suites) < 2
        || cursor_left(&compressions) == 0)
        return false;
    if (cursor_left(&c) == 0) /* before TLS 1.3 extensions are optional */
        return true;
    struct cursor extensions = vector16(&c);
    while (more(&extensions)) {
        uint16_t type = cursor_u16(&extensions);
        struct cursor data = vector16(&extensions);
        if (extensions.bad || !take_extension(hello, type, data))
            return false;
    }
    return !c.bad && cursor_left(&c) == 0;
}

/* A record's header of handshake data in the clear, as far as there is one. */
static bool record_fits(const uint8_t *head, size_t len)
{
    uint16_t length = len >= RECORD ? (uint16_t)(head[3] << 8 | head[4]) : 1;
    return (len < 1 || head[0] == RECORD_HANDSHAKE) && (len < 2 || head[1] == 3) && (len < 3 || head[2] <= 4)
           && length > 0 && length <= RECORD_MAX;
}

bool tls_looks_like(struct slice first)
{
    return first.len > 0 && record_fits(first.p, first.len) && (first.len <= RECORD || first.p[RECORD] == CLIENT_HELLO);
}

void tls_start(struct tls_stream *s)
{
    memset(s, 0, offsetof(struct tls_stream, buffer));
}

size_t tls_hello_length(struct slice start)
{
    if (start.len > 0 && start.p[0] != CLIENT_HELLO)
        return 0;
    if (start.len < HANDSHAKE)
        return HANDSHAKE;
    size_t length = HANDSHAKE + ((size_t)start.p[1] << 16 | (size_t)start.p[2] << 8 | start.p[3]);
    return length <= TLS_HELLO ? length : 0;
}

/* One record's bytes: parsed where they lie if they hold the whole message, else gathered. */
static enum tls_found take_fragment(struct tls_stream *s, struct slice fragment, struct tls_hello *hello)
{
    struct slice message = fragment;
    if (s->have > 0 || tls_hello_length(fragment) > fragment.len) {
        fragment = slice_head(fragment, (size_t)TLS_HELLO - s->have);
        memcpy(s->buffer + s->have, fragment.p, fragment.len);
        s->have += (uint16_t)fragment.len;
        message = slice_of(s->buffer, s->have);
    }
    size_t length = tls_hello_length(message);
    if (length == 0)
        return TLS_NONE;
    if (message.len < length)
        return TLS_MORE;
    return tls_parse_hello(hello, slice_head(message, length)) ? TLS_FOUND : TLS_NONE;
}

static enum tls_found take_data(struct tls_stream *s, struct slice in, struct tls_hello *hello)
{
    while (in.len > 0) {
        while (s->head < RECORD && in.len > 0)
            s->record[s->head++] = slice_cut(&in, 1).p[0];
        if (!record_fits(s->record, s->head))
            return TLS_NONE;
        if (s->head < RECORD)
            return TLS_MORE;
        if (s->left == 0)
            s->left = (uint16_t)(s->record[3] << 8 | s->record[4]);
        struct slice fragment = slice_cut(&in, s->left);
        if (fragment.len == 0)
            return TLS_MORE;
        s->left -= (uint16_t)fragment.len;
        if (s->left == 0)
            s->head = 0;
        enum tls_found found = take_fragment(s, fragment, hello);
        if (found != TLS_MORE)
            return found;
    }
    return TLS_MORE;
}

/* The ClientHello is the first thing a client says: whatever else comes first (an alert, a later handshake, lost bytes)
 * means that this is not TLS, or that its beginning was missed. */
enum tls_found tls_feed(struct tls_stream *s, const struct piece *piece, struct tls_hello *hello)
{
    if (s->done)
        return TLS_NONE;
    enum tls_found found = piece->kind == PIECE_DATA ? take_data(s, piece->data, hello) : TLS_NONE;
    s->done = found != TLS_MORE;
    return found;
}
