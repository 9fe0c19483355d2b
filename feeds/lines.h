/* Lines of text as another program writes them: a file that is followed through rotation as tail -F does, or standard input.
 * A file is read from its beginning. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

enum lines_result {
    LINES_LINE,    /* without its end; lives until the next call */
    LINES_IDLE,    /* none within a moment (100 ms) */
    LINES_WARNING, /* err has a sentence; no harm done */
    LINES_ERROR,   /* err has a sentence, and nothing more will come */
    LINES_END      /* of standard input or a pipe */
};

struct lines_stats {
    uint64_t lines, bytes, too_long, rotated;
};

struct lines;

/* longest: bytes of a line; a longer one is passed over and counted. NULL: a sentence that names the file. */
struct lines *lines_open(const char *path, size_t longest, char err[static ERRLEN]);
void lines_close(struct lines *);
enum lines_result lines_next(struct lines *, struct slice *line, char err[static ERRLEN]);
void lines_stats(const struct lines *, struct lines_stats *);
