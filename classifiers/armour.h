/* Codings that programs travel in, undone as the bytes come: base64 (RFC 4648 section 4), the same with IsErIk's mirrored
 * alphabet, and hex. Characters outside the alphabet are passed over, as the family's own decoder does. */
#pragma once

#include "capture/slice.h"

enum armour { ARMOUR_BASE64, ARMOUR_MIRRORED, ARMOUR_HEX, ARMOURS };

struct armour_stream {
    enum armour kind;
    uint32_t bits;      /* those read and not yet handed out, lowest last */
    unsigned have;      /* how many */
};

void armour_start(struct armour_stream *, enum armour);

/* Decodes from the front of *in, which is cut, until it is empty or `room` (at least 3) bytes could be exceeded. */
size_t armour_decode(struct armour_stream *, struct slice *in, uint8_t *out, size_t room);

/* True where the text begins like this coding: all its first characters are of the alphabet or line ends. */
bool armour_looks(enum armour, struct slice text);

/* What the contract calls it. */
const char *armour_name(enum armour);

/* True where the bytes are UTF-8 (RFC 3629) without control characters. `whole`: they are not cut, so that they may not end
 * within a character. */
bool armour_is_text(struct slice, bool whole);

/* True where the decoded bytes are a script: such text with JScript's words in it. */
bool armour_is_script(struct slice text, bool whole);
