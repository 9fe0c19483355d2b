/* The input is a datagram; and it is the frames of a packet with its seals in order, which random bytes never have. */
#include "capture/quic.h"
#include "tests/quic_seal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct quic *quic;
    static struct quic_stream stream;
    static uint8_t sealed[16384];
    char err[ERRLEN];
    struct tls_hello hello;
    struct slice frames = slice_head(slice_of(data, size), 8000);
    if (quic == NULL && (quic = quic_open(err)) == NULL)
        abort();
    quic_start(&stream);
    (void)quic_looks_like(slice_of(data, size));
    (void)quic_feed(quic, &stream, slice_of(data, size), &hello);
    if (frames.len < 3)
        return 0;
    const struct initial initial = {1, S("12345678"), S("12345678"), S(""), 0, 1};
    quic_start(&stream);
    if (quic_feed(quic, &stream, slice_of(sealed, quic_seal(sealed, &initial, frames)), &hello) == TLS_FOUND
        && memchr(hello.server_name, '\0', sizeof hello.server_name) == NULL)
        abort();
    if (stream.whole > TLS_HELLO)
        abort();
    return 0;
}
