/* Memory for large tables, zeroed and page by page as it is touched: what a table could hold costs nothing until it does. */
#pragma once

#include <stddef.h>

/* NULL: there is none. */
void *pages_open(size_t bytes);
void pages_close(void *, size_t bytes);

/* For a table that is looked up at random: a page a lookup is one that the processor has to look for. */
void pages_large(void *, size_t bytes);

/* Soon to be touched, all of it: a page that the kernel brings with others costs a quarter of one that is waited for. */
void pages_soon(void *, size_t bytes);
