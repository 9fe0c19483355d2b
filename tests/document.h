/* What every document must be: one line of valid JSON that nothing in a terminal acts upon. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No control character as it is: of ASCII, DEL, or of the upper ones in UTF-8 (U+0080 to U+009F). */
static inline bool document_tame(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)text[i], next = i + 1 < n ? (uint8_t)text[i + 1] : 0;
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next <= 0x9f))
            return false;
    }
    return true;
}

static inline bool document_valid(const char *text, size_t n)
{
    if (n < 3 || text[n - 1] != '\n' || !document_tame(text, n - 1))
        return false;
    json_t *document = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    bool object = json_is_object(document);
    json_decref(document);
    return object;
}
