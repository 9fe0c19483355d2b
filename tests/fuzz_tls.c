/* A handshake message as it is, and a connection cut into pieces by the input's first byte. */
#include "capture/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct tls_hello *hello)
{
    for (size_t i = 0; hello->server_name[i] != '\0'; i++)
        if (i + 1 >= sizeof hello->server_name || hello->server_name[i] <= ' ' || hello->server_name[i] >= 0x7f)
            abort();
    if (memchr(hello->alpn, '\0', sizeof hello->alpn) == NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_stream stream;
    struct tls_hello hello;
    struct slice rest = slice_of(data, size);
    if (tls_parse_hello(&hello, rest))
        look(&hello);
    if (size == 0)
        return 0;
    size_t step = slice_cut(&rest, 1).p[0] + 1u;
    (void)tls_looks_like(rest);
    tls_start(&stream);
    while (rest.len > 0) {
        enum tls_found found =
            tls_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = slice_cut(&rest, step)}, &hello);
        if (found == TLS_FOUND)
            look(&hello);
        if (stream.have > TLS_HELLO || stream.head > sizeof stream.record)
            abort();
    }
    return 0;
}
