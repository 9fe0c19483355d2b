#include "classifiers/suffix.h"

#include <libpsl.h>

enum { LONGEST_NAME = 253 }; /* RFC 1035 section 3.1: 255 bytes on the wire */

/* A libpsl built without its list leaves the last two labels, which is right for .com, the only place where names are
 * judged. */
static const char *registered(const char *name)
{
    const psl_ctx_t *list = psl_builtin();
    if (list != NULL)
        return psl_registrable_domain(list, name);
    const char *dot = strrchr(name, '.');
    while (dot != NULL && dot > name && dot[-1] != '.')
        dot--;
    return dot;
}

struct slice suffix_registered(struct slice name)
{
    char text[LONGEST_NAME + 1];
    if (name.len == 0 || name.len > LONGEST_NAME || memchr(name.p, '\0', name.len) != NULL)
        return slice_of(name.p, 0);
    slice_text(name, text, sizeof text);
    const char *at = registered(text);
    return at == NULL ? slice_of(name.p, 0) : slice_from(name, (size_t)(at - text));
}
