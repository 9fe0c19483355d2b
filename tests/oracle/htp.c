/* libhtp as an oracle: the in-order bytes of every connection that begins as HTTP, given to it and to capture/http.c.
 * usage: htp CAPTURE...; a line "capture TAB transactions TAB transactions" for each, after a line a difference. */
#include <htp/htp.h>

#include "capture/http.h"
#include "tests/oracle/walk.h"

enum { TRANSACTIONS = 2000 }; /* of one connection that are compared */

struct seen {
    char method[24], target[400];
    unsigned status;
    uint64_t request_body, response_body; /* decoded bytes */
    bool whole;                           /* the response's body ended where it should */
};

/* One connection, in both parsers. What it has in common with a session: it hangs on the flow. */
struct talk {
    struct http *http;
    htp_cfg_t *cfg;
    htp_connp_t *htp;
    bool over;            /* libhtp gave up, a tunnel began or bytes were lost: no more is fed */
    unsigned count;
    struct seen seen[TRANSACTIONS];
};

static struct {
    const char *capture;
    unsigned radome, htp;
} now;

static void differ(const struct tuple *tuple, unsigned at, const char *what, const char *ours, const char *theirs)
{
    char ends[2 * ADDR_TEXT + 16];
    printf("difference\t%s\t%s: transaction %u: %s: radome \"%s\", htp \"%s\"\n", now.capture, walk_ends(tuple, ends),
           at + 1, what, ours, theirs);
}

static void differ_number(const struct tuple *tuple, unsigned at, const char *what, uint64_t ours, uint64_t theirs)
{
    char a[24], b[24];
    snprintf(a, sizeof a, "%llu", (unsigned long long)ours);
    snprintf(b, sizeof b, "%llu", (unsigned long long)theirs);
    differ(tuple, at, what, a, b);
}

static htp_cfg_t *htp_settings(void)
{
    htp_cfg_t *cfg = htp_config_create();
    htp_config_set_server_personality(cfg, HTP_SERVER_GENERIC);
    htp_config_set_response_decompression(cfg, 1);
    htp_config_set_request_decompression(cfg, 1);
    htp_config_set_response_decompression_layer_limit(cfg, 3);
    htp_config_set_compression_time_limit(cfg, 60 * 1000 * 1000);
    htp_config_set_compression_bomb_limit(cfg, 64 << 20);
    htp_config_set_field_limits(cfg, 65536, 65536);
    htp_config_set_allow_space_uri(cfg, 1);
    htp_config_set_log_level(cfg, HTP_LOG_NONE);
    return cfg;
}

static struct talk *talk_open(struct http_memory *memory)
{
    struct talk *talk = calloc(1, sizeof *talk);
    talk->http = http_open(memory);
    talk->cfg = htp_settings();
    talk->htp = htp_connp_create(talk->cfg);
    htp_connp_open(talk->htp, NULL, 0, NULL, 0, NULL);
    return talk;
}

static void talk_close(struct talk *talk)
{
    http_close(talk->http);
    htp_connp_destroy_all(talk->htp);
    htp_config_destroy(talk->cfg);
    free(talk);
}

static void note(struct talk *talk, const struct http_transaction *t)
{
    if (talk->count == TRANSACTIONS)
        return;
    struct seen *seen = &talk->seen[talk->count++];
    slice_text(t->request.method, seen->method, sizeof seen->method);
    slice_text(t->request.target, seen->target, sizeof seen->target);
    seen->status = t->response.status;
    seen->request_body = t->request.body_bytes;
    seen->response_body = t->response.body_bytes;
    seen->whole = t->response.flags & HTTP_WHOLE;
}

static void pull(struct talk *talk)
{
    struct event event;
    while (http_next(talk->http, &event))
        if (event.kind == EVENT_HTTP)
            note(talk, event.http);
}

/* libhtp stops within a piece only where it finds that a tunnel begins or that it cannot go on. */
static void feed_htp(struct talk *talk, int side, const struct piece *piece, uint64_t us)
{
    htp_time_t time = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    if (piece->kind == PIECE_END)
        return;
    int state = side == 0 ? htp_connp_req_data(talk->htp, &time, piece->data.p, piece->data.len)
                          : htp_connp_res_data(talk->htp, &time, piece->data.p, piece->data.len);
    if (state == HTP_STREAM_ERROR || state == HTP_STREAM_TUNNEL || state == HTP_STREAM_STOP ||
        state == HTP_STREAM_DATA_OTHER)
        talk->over = true;
}

static void compare_text(const struct tuple *tuple, unsigned at, const char *what, const char *ours, const bstr *theirs)
{
    char text[400];
    slice_text(theirs == NULL ? slice_of(NULL, 0) : slice_of(bstr_ptr(theirs), bstr_len(theirs)), text, sizeof text);
    if (strcmp(ours, text) != 0)
        differ(tuple, at, what, ours, text);
}

static void compare_transaction(const struct talk *talk, const struct tuple *tuple, unsigned at, const htp_tx_t *tx)
{
    const struct seen *seen = &talk->seen[at];
    if (seen->method[0] != '\0') {
        compare_text(tuple, at, "method", seen->method, tx->request_method);
        compare_text(tuple, at, "target", seen->target, tx->request_uri);
    }
    if (seen->status != (unsigned)(tx->response_status_number < 0 ? 0 : tx->response_status_number))
        differ_number(tuple, at, "status", seen->status, (uint64_t)tx->response_status_number);
    else if (seen->whole && tx->response_progress == HTP_RESPONSE_COMPLETE &&
             seen->response_body != (uint64_t)tx->response_entity_len)
        differ_number(tuple, at, "response body", seen->response_body, (uint64_t)tx->response_entity_len);
    if (tx->request_progress == HTP_REQUEST_COMPLETE && seen->request_body != (uint64_t)tx->request_entity_len)
        differ_number(tuple, at, "request body", seen->request_body, (uint64_t)tx->request_entity_len);
}

static unsigned transactions_of(const struct talk *talk)
{
    const htp_list_t *list = htp_connp_get_connection(talk->htp)->transactions;
    unsigned count = 0;
    for (size_t i = 0; i < htp_list_size(list); i++) {
        const htp_tx_t *tx = htp_list_get(list, i);
        count += tx != NULL && tx->request_progress > HTP_REQUEST_LINE;
    }
    return count;
}

static void talk_compare(struct talk *talk, const struct tuple *tuple)
{
    const struct piece end = {.kind = PIECE_END};
    for (int side = 0; side < 2; side++) {
        http_feed(talk->http, side, &end, 0);
        pull(talk);
    }
    htp_connp_close(talk->htp, NULL);
    unsigned theirs = transactions_of(talk);
    now.radome += talk->count;
    now.htp += theirs;
    if (theirs != talk->count)
        differ_number(tuple, 0, "count", talk->count, theirs);
    for (unsigned i = 0; i < theirs && i < talk->count; i++)
        compare_transaction(talk, tuple, i, htp_list_get(htp_connp_get_connection(talk->htp)->transactions, i));
}

static void take(struct walk *w, struct http_memory *memory)
{
    struct talk **talk = (struct talk **)&w->flow->session;
    if (*talk == NULL) {
        if (w->flow->state > 0 || w->piece.kind != PIECE_DATA)
            return;
        w->flow->state = 1;
        if (w->side != 0 || !http_looks_like(w->piece.data, 0))
            return;
        *talk = talk_open(memory);
    }
    if ((*talk)->over || w->piece.kind == PIECE_GAP) {
        (*talk)->over = true;
        return;
    }
    http_feed((*talk)->http, w->side, &w->piece, w->us);
    pull(*talk);
    feed_htp(*talk, w->side, &w->piece, w->us);
}

static void walk_capture(const char *path, struct http_memory *memory)
{
    struct walk w;
    char err[ERRLEN];
    now.capture = path;
    now.radome = now.htp = 0;
    if (!walk_open(&w, path, err)) {
        walk_close(&w);
        printf("unreadable\t%s\t%s\n", path, err);
        return;
    }
    for (enum walk_kind kind; (kind = walk_next(&w)) != WALK_END;) {
        if (kind == WALK_PIECE) {
            take(&w, memory);
        } else if (kind == WALK_GONE && w.flow->session != NULL) {
            talk_compare((struct talk *)w.flow->session, &w.flow->tuple);
            talk_close((struct talk *)w.flow->session);
        }
    }
    walk_close(&w);
    printf("capture\t%s\t%u\t%u\t\n", path, now.radome, now.htp);
}

int main(int argc, char **argv)
{
    char err[ERRLEN];
    struct http_memory *memory = http_memory_open(64 << 20, 64 << 20, err);
    if (memory == NULL) {
        fprintf(stderr, "htp: %s\n", err);
        return 1;
    }
    for (int i = 1; i < argc; i++)
        walk_capture(argv[i], memory);
    http_memory_close(memory);
    return 0;
}
