#include "capture/source_state.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "capture/packet.h"

_Static_assert((int)SAVEFILE_ROOM <= (int)SOURCE_ROOM, "a room is large enough");

static void input_close(struct source *s)
{
    if (s->live > 0)
        return;
    pcap_freecode(&s->program);
    reader_close(s->reader);
    s->reader = NULL;
    if (s->pcap[0] != NULL)
        pcap_close(s->pcap[0]);
    s->pcap[0] = NULL;
}

/* A compiled filter is set, or stays with the classic file whose records do not come by way of libpcap. */
bool source_filter(struct source *s, pcap_t *pcap, const char *name, bool *usage, char err[static ERRLEN])
{
    struct bpf_program program;
    if (s->filter == NULL)
        return true;
    if (pcap_compile(pcap, &program, s->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        error_set(err, "filter '%s' for %s: %s", s->filter, name, pcap_geterr(pcap));
        *usage = true;
        return false;
    }
    if (s->reader != NULL) {
        s->program = program;
        return true;
    }
    bool set = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    if (!set)
        error_set(err, "filter '%s' for %s: %s", s->filter, name, pcap_geterr(pcap));
    return set;
}

/* Of a classic file libpcap gets the header to read, of any other all of it. NULL: there is no memory. */
static FILE *for_pcap(struct source *s, struct reader *reader)
{
    struct slice head = reader_head(reader);
    if (!savefile_open(&s->savefile, reader))
        return reader_stream(reader);
    s->reader = reader;
    if (s->room == NULL)
        s->room = s->own = malloc(SOURCE_ROOM);
    savefile_room(&s->savefile, s->room);
    return s->room != NULL ? fmemopen((void *)head.p, head.len, "rb") : NULL;
}

/* libpcap refuses a pcapng file whose interfaces differ in link type; said as it is. */
static bool input_begin(struct source *s, const char *path, struct reader *reader, bool *usage, char err[static ERRLEN])
{
    char reason[PCAP_ERRBUF_SIZE];
    if ((s->file = for_pcap(s, reader)) == NULL) {
        error_set(err, "%s: no memory to read it", path);
        return false;
    }
    pcap_t *pcap = s->pcap[0] = pcap_fopen_offline(s->file, reason);
    if (pcap == NULL) {
        error_set(err, "%s: not a capture that can be read: %s", path, reason);
        fclose(s->file);
        return false;
    }
    s->linktype = pcap_datalink(pcap);
    s->savefile.snaplen = (uint32_t)pcap_snapshot(pcap);
    if (!packet_linktype_known(s->linktype)) {
        const char *name = pcap_datalink_val_to_description(s->linktype);
        error_set(err, "%s: link type %d (%s) is not one radome can read", path, s->linktype, name != NULL ? name : "unknown");
        return false;
    }
    return source_filter(s, pcap, path, usage, err);
}

/* Opens the input that `at` names. */
static bool input_open(struct source *s, bool *usage, char err[static ERRLEN])
{
    const char *path = s->inputs.input[s->at].path;
    struct reader *reader = reader_open(path, &s->stats.bytes_taken, err);
    if (reader == NULL)
        return false;
    bool open = input_begin(s, path, reader, usage, err);
    if (!open)
        input_close(s);
    return open;
}

/* Packet time of the first packet; UINT64_MAX where there is none, so that an empty file comes last. */
static uint64_t first_packet_us(const char *path)
{
    char err[ERRLEN], reason[PCAP_ERRBUF_SIZE];
    uint64_t us = UINT64_MAX, taken = 0;
    struct reader *reader = reader_open(path, &taken, err);
    FILE *file = reader != NULL ? reader_stream(reader) : NULL;
    pcap_t *pcap = file != NULL ? pcap_fopen_offline(file, reason) : NULL;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    if (pcap != NULL && pcap_next_ex(pcap, &header, &bytes) == 1)
        us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
    if (pcap != NULL)
        pcap_close(pcap);
    else if (file != NULL)
        fclose(file);
    return us;
}

static struct source *part_open(const struct source_settings *settings, struct source *first, bool *usage, char err[static ERRLEN]);

/* The other parts, each with a socket on every interface, in the same order. */
static bool open_parts(struct source *s, const struct source_settings *settings, bool *usage, char err[static ERRLEN])
{
    struct source *last = s;
    for (unsigned i = 1; i < settings->parts && s->live > 0; i++, last = last->next)
        if ((last->next = part_open(settings, s, usage, err)) == NULL)
            return false;
    return true;
}

static bool open_all(struct source *s, const struct source_settings *settings, bool *usage, char err[static ERRLEN])
{
    for (size_t i = 0; settings->paths != NULL && settings->paths[i] != NULL; i++)
        if (!inputs_add(&s->inputs, settings->paths[i], first_packet_us, err))
            return false;
    for (size_t i = 0; settings->interfaces != NULL && settings->interfaces[i] != NULL; i++) {
        uint16_t *group = settings->parts > 1 ? &s->group[s->live] : NULL;
        if (!live_add(s, settings->interfaces[i], group, usage, err))
            return false;
    }
    s->stats.bytes_total = s->inputs.bytes;
    if (s->inputs.count == 0 && s->live == 0) {
        error_set(err, "no input");
        return false;
    }
    return s->inputs.count == 0 ? open_parts(s, settings, usage, err) : input_open(s, usage, err);
}

/* An interface's ring is shared out among the parts. */
static void set_up(struct source *s, const struct source_settings *settings)
{
    enum { LEAST = 1 << 20 };
    size_t ring = (settings->ring > 0 ? settings->ring : RING_DEFAULT) / (settings->parts > 1 ? settings->parts : 1);
    s->ring = ring > LEAST ? ring : LEAST;
    s->filter = settings->filter;
    atomic_init(&s->until_us, UINT64_MAX);
}

struct source *source_open(const struct source_settings *settings, bool *usage, char err[static ERRLEN])
{
    struct source *s = calloc(1, sizeof *s);
    *usage = false;
    if (s == NULL) {
        error_set(err, "no memory for the capture source");
        return NULL;
    }
    set_up(s, settings);
    if (!open_all(s, settings, usage, err)) {
        source_close(s);
        return NULL;
    }
    return s;
}

static struct source *part_open(const struct source_settings *settings, struct source *first, bool *usage, char err[static ERRLEN])
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, "no memory for the capture source");
        return NULL;
    }
    set_up(s, settings);
    for (unsigned i = 0; i < first->live; i++)
        if (!live_add(s, first->name[i], &first->group[i], usage, err)) {
            source_close(s);
            return NULL;
        }
    return s;
}

struct source *source_part(struct source *s, unsigned index)
{
    for (; index > 0 && s != NULL; index--)
        s = s->next;
    return s;
}

uint64_t source_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A socket that has not joined its group gets every packet: of those each would be read by several. */
void source_begin(struct source *s)
{
    bool shared = s->next != NULL;
    for (uint64_t us = source_now_us(); s != NULL && shared; s = s->next)
        s->since_us = us;
}

void source_stop(struct source *s)
{
    for (uint64_t us = source_now_us(); s != NULL; s = s->next)
        atomic_store(&s->until_us, us);
}

enum source_result source_hand_out(struct source *s, int linktype, const struct pcap_pkthdr *header, const u_char *bytes, struct frame *frame)
{
    frame->us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
    frame->linktype = linktype;
    frame->wirelen = header->len;
    frame->bytes = slice_of(bytes, header->caplen);
    s->stats.frames++;
    s->stats.bytes += header->caplen;
    return SOURCE_FRAME;
}

/* The open input could not be read on. Where it is the newest of a directory its writer is probably still at work. */
static enum source_result input_broken(struct source *s, long long offset, const char *why, char err[static ERRLEN])
{
    const struct input *input = &s->inputs.input[s->at];
    bool interrupted = errno == EINTR, growing = input->growing;
    error_set(err, "%s: at byte %lld: %s%s", input->path, offset, why,
              growing ? "; it is the newest of its directory and may still be written" : "; what came before it was read");
    input_close(s);
    s->at++;
    return interrupted ? SOURCE_END : growing ? SOURCE_WARNING : SOURCE_ERROR;
}

/* The same of a classic one, where err has libpcap's sentence. */
static enum source_result record_broken(struct source *s, char err[static ERRLEN])
{
    char why[ERRLEN];
    memcpy(why, err, sizeof why);
    return input_broken(s, (long long)savefile_offset(&s->savefile), why, err);
}

static bool passes(const struct source *s, const struct savefile_record *record)
{
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)record->bytes.len, .len = record->wirelen};
    return s->program.bf_insns == NULL || pcap_offline_filter(&s->program, &header, record->bytes.p) != 0;
}

/* The next of a classic file; SOURCE_END: it has no more. */
static enum source_result next_record(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    struct savefile_record record;
    enum savefile_result result;
    for (;;)
        switch ((result = savefile_next(&s->savefile, &record, err))) {
        case SAVEFILE_RECORD:
            if (!passes(s, &record))
                continue;
            *frame = (struct frame){record.us, s->linktype, record.wirelen, record.bytes};
            s->stats.frames++;
            s->stats.bytes += record.bytes.len;
            s->used = s->own == NULL;
            return SOURCE_FRAME;
        case SAVEFILE_FULL:
        case SAVEFILE_DRY:
            if (s->own == NULL)
                return result == SAVEFILE_DRY ? SOURCE_IDLE : SOURCE_FULL;
            savefile_room(&s->savefile, s->own);
            continue;
        case SAVEFILE_BROKEN: return record_broken(s, err);
        case SAVEFILE_END: return SOURCE_END;
        }
}

/* The same of any other, by way of libpcap. */
static enum source_result next_packet(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    errno = 0;
    int result = pcap_next_ex(s->pcap[0], &header, &bytes);
    if (result == 1)
        return source_hand_out(s, s->linktype, header, bytes, frame);
    return result == PCAP_ERROR_BREAK ? SOURCE_END : input_broken(s, (long long)ftello(s->file), pcap_geterr(s->pcap[0]), err);
}

static enum source_result next_from_files(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    while (s->at < s->inputs.count) {
        bool usage;
        if (s->pcap[0] == NULL && s->used)
            return SOURCE_FULL; /* the next file's frames must not overwrite this one's */
        if (s->pcap[0] == NULL && !input_open(s, &usage, err)) {
            s->at++;
            return SOURCE_ERROR;
        }
        enum source_result result = s->reader != NULL ? next_record(s, frame, err) : next_packet(s, frame, err);
        if (result != SOURCE_END)
            return result;
        input_close(s);
        s->at++;
    }
    return SOURCE_END;
}

bool source_waits(const struct source *s)
{
    return s->live > 0 || s->inputs.waits;
}

void source_room(struct source *s, uint8_t *room)
{
    if (s->reader != NULL)
        savefile_room(&s->savefile, room);
    s->room = room;
    s->used = false;
    free(s->own);
    s->own = NULL;
}

enum source_result source_next(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    if (s->live > 0)
        return live_next(s, frame, err);
    return atomic_load_explicit(&s->until_us, memory_order_relaxed) == UINT64_MAX ? next_from_files(s, frame, err) : SOURCE_END;
}

static void add_stats(struct source *s, struct source_stats *sum)
{
    sum->frames += s->stats.frames;
    sum->bytes += s->stats.bytes;
    for (unsigned i = 0; i < s->live; i++) {
        struct pcap_stat kernel;
        if (pcap_stats(s->pcap[i], &kernel) == 0) {
            sum->kernel_drops += kernel.ps_drop;
            sum->interface_drops += s->next == NULL ? kernel.ps_ifdrop : 0; /* the interface's, the same for every part */
        }
    }
}

void source_stats(struct source *s, struct source_stats *stats)
{
    *stats = (struct source_stats){.bytes_taken = s->stats.bytes_taken, .bytes_total = s->stats.bytes_total};
    for (; s != NULL; s = s->next)
        add_stats(s, stats);
}

void source_close(struct source *s)
{
    if (s == NULL)
        return;
    source_close(s->next);
    input_close(s);
    for (unsigned i = 0; i < s->live; i++)
        pcap_close(s->pcap[i]);
    inputs_free(&s->inputs);
    free(s->own);
    free(s);
}

const char *source_version(void)
{
    return pcap_lib_version();
}
