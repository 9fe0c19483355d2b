/* A capture file behind one byte that says whether it is filtered: we read what libpcap reads. */
#include <assert.h>

#include "tests/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading pcap, source;
    if (size < 2)
        return 0;
    const char *filter = data[0] & 1 ? "ip" : NULL;
    struct slice file = slice_of(data + 1, size - 1);
    reading_by_pcap(&pcap, file, filter);
    reading_by_source(&source, file, filter);
    assert(reading_differs(&pcap, &source) == NULL);
    return 0;
}
