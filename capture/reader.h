/* Capture files as a stream of bytes: plain, gzip (RFC 1952, several members too) or zstd (RFC 8878), told apart by their
 * first bytes. Names zlib and zstd for files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/error.h"
#include "capture/slice.h"

enum { READER_HEAD = 24 };

struct reader;

/* Opens path ("-": standard input). NULL: err has a sentence, and errno is ENODATA where the file is empty. Adds the bytes it
 * takes from the file to *taken. */
struct reader *reader_open(const char *path, uint64_t *taken, char err[static ERRLEN]);
void reader_close(struct reader *);

/* The first READER_HEAD bytes, or all where there are fewer; they are still to be read, or to be passed over. */
struct slice reader_head(const struct reader *);
void reader_skip(struct reader *, size_t len);

/* As read(2) of what is in the file; and how many bytes that has brought so far. */
ssize_t reader_read(struct reader *, uint8_t *out, size_t size);
uint64_t reader_offset(const struct reader *);
bool reader_waits(const struct reader *); /* reading now would wait for another process */

/* The same as a FILE, whose fclose closes the reader. NULL: there is no memory, and the reader is closed. */
FILE *reader_stream(struct reader *);

/* True where the file begins like a pcap, pcapng, gzip or zstd file; for choosing within directories. */
bool reader_is_capture(const char *path);
