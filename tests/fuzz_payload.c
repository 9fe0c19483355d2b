/* The search, and the decoder on what it finds, over a body in two pieces; the first byte says where it is cut. */
#include "classifiers/hidden.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hidden_room room;
    static _Alignas(16) uint8_t block[CODER_BYTES];
    static uint64_t sum;
    struct hidden hidden;
    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size - 1 + (size == 1)); /* of its own: one byte too far is seen */
    if (size > 1)
        memcpy(copy, data + 1, size - 1);
    struct slice body = slice_of(copy, size - 1), plain;
    if (hidden_find(&hidden, &room, body, data[0] & 1)) {
        struct unwrap u;
        unwrap_start(&u, &hidden, block);
        struct slice first = slice_cut(&body, (size_t)data[0] * 32);
        for (int i = 0; i < 2; i++, first = body) {
            unwrap_feed(&u, &room, first);
            while (unwrap_next(&u, &room, &plain))
                for (size_t j = 0; j < plain.len; j++)
                    sum += plain.p[j];
        }
        sum += unwrap_bad(&u);
    }
    free(copy);
    return sum == 1;
}
