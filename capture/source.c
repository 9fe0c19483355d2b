#include "capture/source.h"

#include <dirent.h>
#include <errno.h>
#include <pcap.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/fanout.h"
#include "capture/packet.h"
#include "capture/reader.h"

enum {
    SNAPLEN = 262144,            /* more than any frame, offloaded ones included */
    LATE_US = 2 * SOURCE_WAIT_MS * 1000, /* after this a frame that has arrived has been handed over by the kernel */
    INTERFACES = 16
};

struct input {
    char *path;
    uint64_t first_us;           /* for the order within a directory */
    bool growing;                /* the newest of a directory: may be cut short without an error */
};

struct source {
    struct input *input;
    size_t inputs, at;
    FILE *file;                  /* of the open input, owned by its pcap */
    pcap_t *pcap[INTERFACES];    /* live: one an interface; files: the first is the open one */
    const char *name[INTERFACES];
    unsigned live, turn;
    uint16_t group[INTERFACES];  /* 0: reads alone */
    const char *filter;
    size_t ring;
    uint64_t since_us;           /* live frames from before are not counted on */
    atomic_uint_fast64_t until_us; /* and later ones not waited for */
    struct source *next;         /* the next part */
    struct source_stats stats;
};

static void input_close(struct source *s)
{
    if (s->pcap[0] != NULL && s->live == 0) {
        pcap_close(s->pcap[0]);
        s->pcap[0] = NULL;
    }
}

static bool set_filter(struct source *s, pcap_t *pcap, const char *name, bool *usage, char err[static ERRLEN])
{
    struct bpf_program program;
    if (s->filter == NULL)
        return true;
    if (pcap_compile(pcap, &program, s->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        error_set(err, "filter '%s' for %s: %s", s->filter, name, pcap_geterr(pcap));
        *usage = true;
        return false;
    }
    bool set = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    if (!set)
        error_set(err, "filter '%s' for %s: %s", s->filter, name, pcap_geterr(pcap));
    return set;
}

/* Opens the input that `at` names. libpcap refuses a pcapng file whose interfaces differ in link type; said as it is. */
static bool input_open(struct source *s, bool *usage, char err[static ERRLEN])
{
    const char *path = s->input[s->at].path;
    char reason[PCAP_ERRBUF_SIZE];
    FILE *file = reader_open(path, &s->stats.bytes_taken, err);
    if (file == NULL)
        return false;
    pcap_t *pcap = pcap_fopen_offline(file, reason);
    if (pcap == NULL) {
        error_set(err, "%s: not a capture that can be read: %s", path, reason);
        fclose(file);
        return false;
    }
    if (!packet_linktype_known(pcap_datalink(pcap))) {
        const char *name = pcap_datalink_val_to_description(pcap_datalink(pcap));
        error_set(err, "%s: link type %d (%s) is not one radome can read", path, pcap_datalink(pcap), name != NULL ? name : "unknown");
        pcap_close(pcap);
        return false;
    }
    if (!set_filter(s, pcap, path, usage, err)) {
        pcap_close(pcap);
        return false;
    }
    s->pcap[0] = pcap;
    s->file = file;
    return true;
}

static bool input_add(struct source *s, const char *path, uint64_t first_us, uint64_t bytes)
{
    s->stats.bytes_total += bytes;
    struct input *grown = realloc(s->input, (s->inputs + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    s->input = grown;
    char *copy = strdup(path);
    if (copy != NULL)
        s->input[s->inputs++] = (struct input){copy, first_us, false};
    return copy != NULL;
}

/* Packet time of the first packet; UINT64_MAX where there is none, so that an empty file comes last. */
static uint64_t first_packet_us(const char *path)
{
    char err[ERRLEN], reason[PCAP_ERRBUF_SIZE];
    uint64_t us = UINT64_MAX, taken = 0;
    FILE *file = reader_open(path, &taken, err);
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

static int by_time(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* The captures in a directory (not below it), in the order of their first packets; other files are left alone. */
static bool add_directory(struct source *s, const char *path, char err[static ERRLEN])
{
    size_t before = s->inputs;
    bool room = true;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    for (struct dirent *entry; room && (entry = readdir(directory)) != NULL;) {
        char inner[4096];
        struct stat status;
        if (entry->d_name[0] == '.' || snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            continue;
        if (stat(inner, &status) == 0 && S_ISREG(status.st_mode) && reader_is_capture(inner))
            room = input_add(s, inner, first_packet_us(inner), (uint64_t)status.st_size);
    }
    closedir(directory);
    if (!room) {
        error_set(err, "%s: no memory for its list of files", path);
        return false;
    }
    if (s->inputs == before) {
        error_set(err, "%s: no capture file in this directory", path);
        return false;
    }
    qsort(s->input + before, s->inputs - before, sizeof *s->input, by_time);
    s->input[s->inputs - 1].growing = true;
    return true;
}

static bool add_path(struct source *s, const char *path, char err[static ERRLEN])
{
    struct stat status = {0};
    if (strcmp(path, "-") != 0) {
        if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
            error_set(err, "%s: %s", path, strerror(errno));
            return false;
        }
        if (S_ISDIR(status.st_mode))
            return add_directory(s, path, err);
    }
    if (!input_add(s, path, 0, S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0)) {
        error_set(err, "%s: no memory for the list of inputs", path);
        return false;
    }
    return true;
}

static pcap_t *live_open(struct source *s, const char *name, bool *usage, char err[static ERRLEN])
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(name, reason);
    if (pcap == NULL) {
        error_set(err, "interface %s: %s", name, reason);
        return NULL;
    }
    pcap_set_snaplen(pcap, SNAPLEN);
    pcap_set_promisc(pcap, 1);
    pcap_set_timeout(pcap, SOURCE_WAIT_MS);
    pcap_set_buffer_size(pcap, (int)s->ring);
    int result = pcap_activate(pcap);
    if (result < 0) {
        const char *more = pcap_geterr(pcap);
        error_set(err, "interface %s: %s%s%s", name, pcap_statustostr(result), more[0] ? ": " : "", more);
    } else if (!packet_linktype_known(pcap_datalink(pcap))) {
        error_set(err, "interface %s: link type %d is not one radome can read", name, pcap_datalink(pcap));
    } else if (pcap_setnonblock(pcap, 1, reason) != 0) {
        error_set(err, "interface %s: %s", name, reason);
    } else if (set_filter(s, pcap, name, usage, err)) {
        return pcap;
    }
    pcap_close(pcap);
    return NULL;
}

static bool live_add(struct source *s, const char *name, uint16_t *group, bool *usage, char err[static ERRLEN])
{
    char why[ERRLEN];
    if (s->live == INTERFACES) {
        error_set(err, "more than %d interfaces; start a second sensor for the rest", INTERFACES);
        return false;
    }
    pcap_t *pcap = s->pcap[s->live] = live_open(s, name, usage, err);
    if (pcap == NULL)
        return false;
    s->name[s->live++] = name;
    if (group != NULL && !fanout_join(pcap_get_selectable_fd(pcap), group, why)) {
        error_set(err, "interface %s: %.400s", name, why);
        return false;
    }
    return true;
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
        if (!add_path(s, settings->paths[i], err))
            return false;
    for (size_t i = 0; settings->interfaces != NULL && settings->interfaces[i] != NULL; i++) {
        uint16_t *group = settings->parts > 1 ? &s->group[s->live] : NULL;
        if (!live_add(s, settings->interfaces[i], group, usage, err))
            return false;
    }
    if (s->inputs == 0 && s->live == 0) {
        error_set(err, "no input");
        return false;
    }
    return s->inputs == 0 ? open_parts(s, settings, usage, err) : input_open(s, usage, err);
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

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now); /* which is what the kernel stamps packets with */
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A socket that has not joined its group gets every packet: of those each would be read by several. */
void source_begin(struct source *s)
{
    bool shared = s->next != NULL;
    for (uint64_t us = now_us(); s != NULL && shared; s = s->next)
        s->since_us = us;
}

void source_stop(struct source *s)
{
    for (uint64_t us = now_us(); s != NULL; s = s->next)
        atomic_store(&s->until_us, us);
}

static enum source_result hand_out(struct source *s, pcap_t *pcap, const struct pcap_pkthdr *header, const u_char *bytes, struct frame *frame)
{
    frame->us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
    frame->linktype = pcap_datalink(pcap);
    frame->wirelen = header->len;
    frame->bytes = slice_of(bytes, header->caplen);
    s->stats.frames++;
    s->stats.bytes += header->caplen;
    return SOURCE_FRAME;
}

/* The open input could not be read on. Where it is the newest of a directory its writer is probably still at work. */
static enum source_result input_broken(struct source *s, char err[static ERRLEN])
{
    const struct input *input = &s->input[s->at];
    bool interrupted = errno == EINTR;
    long long offset = (long long)ftello(s->file);
    error_set(err, "%s: at byte %lld: %s%s", input->path, offset, pcap_geterr(s->pcap[0]),
              input->growing ? "; it is the newest of its directory and may still be written" : "; what came before it was read");
    bool growing = input->growing;
    input_close(s);
    s->at++;
    return interrupted ? SOURCE_END : growing ? SOURCE_WARNING : SOURCE_ERROR;
}

static enum source_result next_from_files(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    while (s->at < s->inputs) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        bool usage;
        if (s->pcap[0] == NULL && !input_open(s, &usage, err)) {
            s->at++;
            return SOURCE_ERROR;
        }
        errno = 0;
        int result = pcap_next_ex(s->pcap[0], &header, &bytes);
        if (result == 1)
            return hand_out(s, s->pcap[0], header, bytes, frame);
        if (result != PCAP_ERROR_BREAK)
            return input_broken(s, err);
        input_close(s);
        s->at++;
    }
    return SOURCE_END;
}

/* An interface that is taken away ends the capture on it; the others go on. */
static enum source_result live_lost(struct source *s, unsigned which, char err[static ERRLEN])
{
    error_set(err, "interface %s: %s", s->name[which], pcap_geterr(s->pcap[which]));
    pcap_close(s->pcap[which]);
    s->live--;
    s->pcap[which] = s->pcap[s->live];
    s->name[which] = s->name[s->live];
    s->pcap[s->live] = NULL;
    s->turn = 0;
    return SOURCE_ERROR;
}

/* Reads one interface until it has nothing, then the next. */
static enum source_result next_live(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    uint64_t until_us = atomic_load_explicit(&s->until_us, memory_order_relaxed);
    for (unsigned tried = 0; tried < s->live;) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        pcap_t *pcap = s->pcap[s->turn];
        int result = pcap_next_ex(pcap, &header, &bytes);
        if (result == 1) {
            hand_out(s, pcap, header, bytes, frame);
            if (frame->us >= s->since_us && frame->us <= until_us)
                return SOURCE_FRAME;
            s->stats.frames--;
            s->stats.bytes -= header->caplen;
            if (frame->us < s->since_us)
                continue;
        } else if (result < 0) {
            return live_lost(s, s->turn, err);
        }
        s->turn = (s->turn + 1) % s->live;
        tried++;
    }
    return until_us != UINT64_MAX && now_us() > until_us + LATE_US ? SOURCE_END : SOURCE_IDLE;
}

void source_wait(struct source *s)
{
    struct pollfd waiting[INTERFACES];
    for (unsigned i = 0; i < s->live; i++)
        waiting[i] = (struct pollfd){pcap_get_selectable_fd(s->pcap[i]), POLLIN, 0};
    poll(waiting, s->live, SOURCE_WAIT_MS);
}

enum source_result source_next(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    if (s->live > 0)
        return next_live(s, frame, err);
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
    for (size_t i = 0; i < s->inputs; i++)
        free(s->input[i].path);
    free(s->input);
    free(s);
}

const char *source_version(void)
{
    return pcap_lib_version();
}
