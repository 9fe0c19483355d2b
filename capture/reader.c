#include "capture/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { INPUT = 65536, STDIO_BUFFER = 65536, MAGIC = 4 };

enum coding { PLAIN, GZIP, ZSTANDARD };

struct reader {
    int fd;
    bool on_disk;        /* where nobody waits for what others write */
    enum coding coding;
    uint8_t input[INPUT];
    size_t len, at;      /* of input: filled, taken */
    uint8_t head[READER_HEAD];
    size_t head_len, head_at;
    off64_t out;         /* bytes handed on: the offset that errors name */
    uint64_t *taken;     /* the opener's count of bytes taken in */
    bool ended, between; /* input at its end; at the border of two gzip members */
    bool bad;            /* it could not be decoded, and nothing behind that can be */
    z_stream gzip;
    ZSTD_DStream *zstd;
    char *buffer;        /* the FILE's: setvbuf allocates none of the size it is asked for */
};

static const struct {
    uint8_t bytes[MAGIC];
    size_t len;
    enum coding coding;
} magics[] = {
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4, PLAIN}, {{0xa1, 0xb2, 0xc3, 0xd4}, 4, PLAIN}, /* microseconds, both byte orders */
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4, PLAIN}, {{0xa1, 0xb2, 0x3c, 0x4d}, 4, PLAIN}, /* nanoseconds */
    {{0x34, 0xcd, 0xb2, 0xa1}, 4, PLAIN}, {{0xa1, 0xb2, 0xcd, 0x34}, 4, PLAIN}, /* Kuznetzov's */
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4, PLAIN},                                       /* pcapng */
    {{0x1f, 0x8b}, 2, GZIP},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, ZSTANDARD},
};

static int magic_of(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (len >= magics[i].len && memcmp(bytes, magics[i].bytes, magics[i].len) == 0)
            return (int)i;
    return -1;
}

static ssize_t take(struct reader *r, uint8_t *out, size_t size)
{
    ssize_t n = read(r->fd, out, size);
    *r->taken += n > 0 ? (uint64_t)n : 0;
    return n;
}

/* False at the end of input or on an error (errno set, 0 for the end). */
static bool fill(struct reader *r)
{
    if (r->at < r->len)
        return true;
    ssize_t n = r->ended ? 0 : take(r, r->input, INPUT);
    r->ended = n == 0;
    if (n == 0)
        errno = 0;
    r->at = 0;
    r->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static ssize_t read_plain(struct reader *r, uint8_t *out, size_t size)
{
    if (r->at == r->len) /* nothing peeked is left: no copy of our own in between */
        return take(r, out, size);
    size_t n = r->len - r->at < size ? r->len - r->at : size;
    memcpy(out, r->input + r->at, n);
    r->at += n;
    return (ssize_t)n;
}

static ssize_t read_gzip(struct reader *r, uint8_t *out, size_t size)
{
    r->gzip.next_out = out;
    r->gzip.avail_out = (uInt)size;
    while (r->gzip.avail_out == size) {
        if (!fill(r))
            return errno != 0 ? -1 : 0; /* cut short: libpcap says which packet misses bytes */
        if (r->between) {
            inflateReset(&r->gzip);
            r->between = false;
        }
        r->gzip.next_in = r->input + r->at;
        r->gzip.avail_in = (uInt)(r->len - r->at);
        int result = inflate(&r->gzip, Z_NO_FLUSH);
        r->at = r->len - r->gzip.avail_in;
        if (result == Z_STREAM_END) {
            r->between = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            r->bad = true;
            return -1;
        }
    }
    return (ssize_t)(size - r->gzip.avail_out);
}

static ssize_t read_zstd(struct reader *r, uint8_t *out, size_t size)
{
    ZSTD_outBuffer to = {out, size, 0};
    while (to.pos == 0) {
        if (!fill(r))
            return errno != 0 ? -1 : 0;
        ZSTD_inBuffer from = {r->input, r->len, r->at};
        size_t result = ZSTD_decompressStream(r->zstd, &to, &from);
        r->at = from.pos;
        if (ZSTD_isError(result)) {
            r->bad = true;
            return -1;
        }
    }
    return (ssize_t)to.pos;
}

static ssize_t decode(struct reader *r, uint8_t *out, size_t size)
{
    ssize_t n = -1;
    if (!r->bad)
        switch (r->coding) {
        case PLAIN: return read_plain(r, out, size);
        case GZIP: n = read_gzip(r, out, size); break;
        case ZSTANDARD: n = read_zstd(r, out, size); break;
        }
    if (r->bad)
        errno = EBADMSG;
    return n;
}

ssize_t reader_read(struct reader *r, uint8_t *out, size_t size)
{
    struct slice head = slice_head(reader_head(r), size);
    if (head.len > 0) {
        memcpy(out, head.p, head.len);
        reader_skip(r, head.len);
        return (ssize_t)head.len;
    }
    ssize_t n = decode(r, out, size);
    r->out += n > 0 ? n : 0;
    return n;
}

struct slice reader_head(const struct reader *r)
{
    return slice_of(r->head + r->head_at, r->head_len - r->head_at);
}

void reader_skip(struct reader *r, size_t len)
{
    r->head_at += len;
    r->out += (off64_t)len;
}

uint64_t reader_offset(const struct reader *r)
{
    return (uint64_t)r->out;
}

bool reader_waits(const struct reader *r)
{
    struct pollfd input = {.fd = r->fd, .events = POLLIN};
    return !r->on_disk && r->head_at == r->head_len && r->at == r->len && poll(&input, 1, 0) == 0;
}

static ssize_t cookie_read(void *cookie, char *out, size_t size)
{
    return reader_read(cookie, (uint8_t *)out, size);
}

/* Only tells where the reading is, for ftello: nothing here can go back. */
static int cookie_seek(void *cookie, off64_t *offset, int whence)
{
    struct reader *r = cookie;
    if (whence != SEEK_CUR || *offset != 0)
        return -1;
    *offset = r->out;
    return 0;
}

void reader_close(struct reader *r)
{
    if (r == NULL)
        return;
    if (r->coding == GZIP)
        inflateEnd(&r->gzip);
    ZSTD_freeDStream(r->zstd);
    if (r->fd != STDIN_FILENO)
        close(r->fd);
    free(r->buffer);
    free(r);
}

static int cookie_close(void *cookie)
{
    reader_close(cookie);
    return 0;
}

/* Reads until the magic number is there (a pipe may bring it a byte at a time) and starts the decoder for it. */
static bool start(struct reader *r)
{
    while (r->len < MAGIC) {
        ssize_t n = take(r, r->input + r->len, INPUT - r->len);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        r->len += (size_t)n;
    }
    int magic = magic_of(r->input, r->len);
    r->coding = magic < 0 ? PLAIN : magics[magic].coding; /* what is no capture libpcap will tell */
    if (r->coding == GZIP && inflateInit2(&r->gzip, 15 + 16) != Z_OK)
        return false;
    return r->coding != ZSTANDARD || (r->zstd = ZSTD_createDStream()) != NULL;
}

/* What cannot be decoded is told by whoever reads on. */
static void begin(struct reader *r)
{
    for (ssize_t n = 1; n > 0 && r->head_len < READER_HEAD; r->head_len += n > 0 ? (size_t)n : 0)
        n = decode(r, r->head + r->head_len, READER_HEAD - r->head_len);
}

struct reader *reader_open(const char *path, uint64_t *taken, char err[static ERRLEN])
{
    bool standard_input = strcmp(path, "-") == 0;
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_set(err, "%s: no memory to read it", path);
        return NULL;
    }
    r->taken = taken;
    r->fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0 || !start(r)) {
        error_set(err, "%s: %s", path, strerror(errno));
        if (r->fd > STDIN_FILENO)
            close(r->fd);
        free(r);
        return NULL;
    }
    if (r->len == 0) {
        error_set(err, "%s: is empty; a capture file has at least a header", path);
        reader_close(r);
        errno = ENODATA;
        return NULL;
    }
    begin(r);
    struct stat status;
    r->on_disk = fstat(r->fd, &status) == 0 && S_ISREG(status.st_mode);
    return r;
}

FILE *reader_stream(struct reader *r)
{
    cookie_io_functions_t functions = {.read = cookie_read, .seek = cookie_seek, .close = cookie_close};
    r->buffer = malloc(STDIO_BUFFER);
    FILE *file = r->buffer != NULL ? fopencookie(r, "rb", functions) : NULL;
    if (file == NULL) {
        reader_close(r);
        return NULL;
    }
    setvbuf(file, r->buffer, _IOFBF, STDIO_BUFFER);
    __fsetlocking(file, FSETLOCKING_BYCALLER); /* libpcap calls fread twice a packet; one thread reads: no lock */
    return file;
}

bool reader_is_capture(const char *path)
{
    uint8_t bytes[MAGIC];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, MAGIC);
    if (fd >= 0)
        close(fd);
    return n > 0 && magic_of(bytes, (size_t)n) >= 0;
}
