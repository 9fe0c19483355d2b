#include "feeds/builtin.h"

/* The assembler copies the files in as they are: no generated source, and the lists stay readable where they lie. */
__asm__(".pushsection .rodata\n"
        ".hidden indicators_begin, indicators_end, lookalikes_begin, lookalikes_end\n"
        ".globl indicators_begin, indicators_end, lookalikes_begin, lookalikes_end\n"
        "indicators_begin: .incbin \"feeds/indicators.csv\"\n"
        "indicators_end: .byte 0\n"
        "lookalikes_begin: .incbin \"feeds/lookalikes.txt\"\n"
        "lookalikes_end: .byte 0\n"
        ".popsection\n");

extern const uint8_t indicators_begin[] __attribute__((visibility("hidden")));
extern const uint8_t indicators_end[] __attribute__((visibility("hidden")));
extern const uint8_t lookalikes_begin[] __attribute__((visibility("hidden")));
extern const uint8_t lookalikes_end[] __attribute__((visibility("hidden")));

struct slice builtin_indicators(void)
{
    return slice_of(indicators_begin, (size_t)(indicators_end - indicators_begin));
}

struct slice builtin_lookalikes(void)
{
    return slice_of(lookalikes_begin, (size_t)(lookalikes_end - lookalikes_begin));
}
