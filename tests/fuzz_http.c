/* The input is a connection. First byte: packet time between two pieces, and in bit 0 how much memory there is. Then
 * pieces: a byte with the side (bit 0) and the kind (bits 1 to 3), a length byte, and the bytes. */
#include "tests/http_talk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void talk_claim(bool holds, const char *reason, const char *claim)
{
    if (holds)
        return;
    fprintf(stderr, "%s: not so: %s\n", reason, claim);
    abort();
}

static struct talk talk;

enum { SHORT, LONG = 3, SCATTERED = 4, GAP = 5, END = 6, HUGE_GAP = 7 };

/* A copy of its own, so that a byte too far is seen. */
static void data_of(int side, struct slice s)
{
    uint8_t *copy = malloc(s.len > 0 ? s.len : 1);
    if (s.len > 0)
        memcpy(copy, s.p, s.len);
    talk_data(&talk, side, slice_of(copy, s.len));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_memory *memory[2];
    static const size_t bytes[2] = {16 << 20, 64 << 10};
    char err[ERRLEN];
    for (int i = 0; i < 2; i++)
        if (memory[i] == NULL && (memory[i] = http_memory_open(bytes[i], 1 << 20, err)) == NULL)
            abort();
    struct slice in = slice_of(data, size);
    if (in.len == 0)
        return 0;
    uint8_t first = slice_cut(&in, 1).p[0];
    talk_open(&talk, memory[first & 1], "fuzz");
    talk.step = first >> 1;
    while (in.len >= 2) {
        struct slice op = slice_cut(&in, 2);
        int side = op.p[0] & 1, kind = op.p[0] >> 1 & 7;
        if (kind == GAP || kind == HUGE_GAP) {
            talk_gap(&talk, side, kind == GAP ? op.p[1] : (uint64_t)op.p[1] << 56);
        } else if (kind == END) {
            talk_end(&talk, side);
        } else {
            struct slice s = slice_cut(&in, kind == LONG ? (size_t)op.p[1] * 64 : op.p[1]);
            while (kind == SCATTERED && s.len > 0)
                data_of(side, slice_cut(&s, 1));
            data_of(side, s);
        }
    }
    if (size % 5 != 0) { /* else it is closed in the middle of things */
        talk_end(&talk, 0);
        talk_end(&talk, 1);
        talk_close(&talk);
    } else {
        talk_drop(&talk);
    }
    return 0;
}
