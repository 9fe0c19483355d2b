/* Capture files as a FILE for libpcap: plain, gzip (RFC 1952, several members too) or zstd (RFC 8878), told apart by
 * their first bytes. Names zlib and zstd for files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/error.h"

/* Opens path ("-": standard input). NULL: err has a sentence. Adds the bytes it takes from the file to *taken. */
FILE *reader_open(const char *path, uint64_t *taken, char err[static ERRLEN]);

/* True where the file begins like a pcap, pcapng, gzip or zstd file; for choosing within directories. */
bool reader_is_capture(const char *path);
