#include "capture/http.h"
#include "tests/check.h"
#include "tests/http_talk.h"

#include <stdlib.h>

static void talk_claim(bool holds, const char *reason, const char *claim)
{
    CHECK(holds, "%s: %s", reason, claim);
}

enum { ONCE = 1, RAW = 2 }; /* cannot be repeated on one connection; its split forms differ */

struct row {
    const char *reason;
    const char *request, *response;
    const char *expected;
    int kind;
};

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static const struct row rows[] = {
    {"the usual GET", "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", OK_HEAD "Content-Length: 5\r\n\r\nhello",
     "GET /a?b 11 SW Host=x > 200 11 SW Content-Length=5 [hello]\n", 0},
    {"an empty body gives no piece", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 0\r\n\r\n",
     "GET / 11 SW > 200 11 SW Content-Length=0\n", 0},
    {"a POST", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 204 No Content\r\n\r\n",
     "POST / 11 SW Content-Length=3 [abc] > 204 11 SW\n", 0},
    {"a chunked POST", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "POST / 11 SW Transfer-Encoding=chunked [abcde] > 200 11 SW Content-Length=1 [x]\n", 0},
    {"chunk extensions and trailers", "GET / HTTP/1.1\r\n\r\n",
     OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n06 \r\n world\r\n000;x\r\nTrailer: y\r\nZ: 1\r\n\r\n",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=Chunked [hello world]\n", 0},
    {"bare LF in all places", "GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n",
     "GET / 11 SW Host=x > 200 11 SW Transfer-Encoding=chunked [hello]\n", 0},
    {"capital hexadecimal digits", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=chunked [0123456789]\n", 0},
    {"close-delimited", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nall that comes\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
     "GET / 10 SW > 200 10 SW [all that comes\\x0d\\x0a\\x0d\\x0aHTTP/1.1 200 OK\\x0d\\x0a\\x0d\\x0a]\n", ONCE},
    {"the answer to HEAD has no body", "HEAD / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 500\r\n\r\n",
     "HEAD / 11 SW > 200 11 SW Content-Length=500\n", 0},
    {"304 has no body", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
     "GET / 11 SW > 304 11 SW Content-Length=500\n", 0},
    {"206 is like 200", "GET / HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab",
     "GET / 11 SW Range=bytes=0-1 > 206 11 SW Content-Range=bytes 0-1/9 Content-Length=2 [ab]\n", 0},
    {"interim responses are passed over", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
     "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: c\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx",
     "POST / 11 SW Expect=100-continue Content-Length=2 [ab] > 200 11 SW Content-Length=1 [x]\n", 0},
    {"CONNECT accepted: a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 Established\r\nContent-Length: 9\r\n\r\n\x16\x03\x01",
     "CONNECT a:443 11 SW Host=a > 200 11 SW Content-Length=9\n", ONCE},
    {"CONNECT refused: HTTP goes on", "CONNECT a:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno",
     "CONNECT a:443 11 SW > 403 11 SW Content-Length=2 [no]\n", 0},
    {"101: another protocol", "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
     "GET /ws 11 SW Upgrade=websocket > 101 11 SW Upgrade=websocket\n", ONCE},
    {"folded fields are joined", "GET / HTTP/1.1\r\nA: b\r\n \t c\r\n\td  \r\nE:\r\n f\r\n\r\n", OK_HEAD "Transfer-Encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     "GET / 11 SW A=b c d E=f > 200 11 SW Transfer-Encoding=chunked [x]\n", 0},
    {"odd case and blanks", "get  /x \t http/1.1 \r\nHOST  :  x \r\nnonsense\r\n: none\r\n\r\n", "hTTp/1.1 \t 200\r\ncontent-LENGTH:1\r\n\r\nx",
     "get /x 11 SW HOST=x > 200 11 SW content-LENGTH=1 [x]\n", 0},
    {"empty lines before a message", "\r\n\n\r\nGET / HTTP/1.1\r\n\r\n", "\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx\r\n",
     "GET / 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"an absolute target", "GET http://a.b/c?d HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET http://a.b/c?d 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"blanks in a target", "GET /a b HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET /a b 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"HTTP/0.9", "GET /old\r\n", "<html>no head\nat all", "GET /old 9 SW > 0 9 SW [<html>no head\\x0aat all]\n", ONCE},
    {"0.9 asked, 1.0 answered", "GET /old\r\n", "HTTP/1.0 200 OK\r\n\r\nx", "GET /old 9 SW > 200 10 SW [x]\n", ONCE},
    {"chunked wins over a length", "POST / HTTP/1.1\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     OK_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n",
     "POST / 11 SW Content-Length=50 Transfer-Encoding=chunked [x] > 200 11 SW Transfer-Encoding=chunked Content-Length=1 [ab]\n", 0},
    {"one length said again", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 2, 2\r\nContent-Length: 02\r\n\r\nab",
     "GET / 11 SW > 200 11 SW Content-Length=2, 2 Content-Length=02 [ab]\n", 0},
    {"lengths that differ", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabcde",
     "GET / 11 SW > 200 11 S Content-Length=2 Content-Length=3 [abcde]\n", ONCE},
    {"a negative length", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: -2\r\n\r\nabcde",
     "GET / 11 SW > 200 11 S Content-Length=-2 [abcde]\n", ONCE},
    {"a length with a sign", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: +2\r\n\r\nab",
     "GET / 11 SW > 200 11 S Content-Length=+2 [ab]\n", ONCE},
    {"a huge length", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 9223372036854775808\r\n\r\nabc",
     "GET / 11 SW > 200 11 S Content-Length=9223372036854775808 [abc]\n", ONCE},
    {"a length that overflows to 2", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 18446744073709551618\r\n\r\nabc",
     "GET / 11 SW > 200 11 S Content-Length=18446744073709551618 [abc]\n", ONCE},
    {"shorter than promised", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 9\r\n\r\nabc",
     "GET / 11 SW > 200 11 S Content-Length=9 [abc]\n", ONCE},
    {"chunked, cut off", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
     "GET / 11 SW > 200 11 S Transfer-Encoding=chunked [abc]\n", ONCE},
    {"chunked, the last chunk missing", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
     "GET / 11 SW > 200 11 S Transfer-Encoding=chunked [abc]\n", ONCE},
    {"claims chunks and has none", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nface it\r\n",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [face it\\x0d\\x0a]\n", ONCE},
    {"chunks that go wrong later", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nabXY",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [abXY]\n", ONCE},
    {"a chunk size that overflows", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nab\r\n",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [10000000000000002\\x0d\\x0aab\\x0d\\x0a]\n", ONCE},
    {"identity codings", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: identity\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=identity Content-Encoding=identity Content-Length=1 [x]\n", 0},
    {"claims gzip and is not", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip Content-Length=5 [hello]\n", 0},
    {"claims gzip and is one byte of it", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n\x1f",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip Content-Length=1 [\\x1f]\n", 0},
    {"claims deflate and is not", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: deflate\r\nContent-Length: 6\r\n\r\nwhat??",
     "GET / 11 SW > 200 11 SWB Content-Encoding=deflate Content-Length=6 [what??]\n", 0},
    {"bare deflate of nothing", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: deflate\r\nContent-Length: 2\r\n\r\n\x03",
     "GET / 11 SW > 200 11 S Content-Encoding=deflate Content-Length=2\n", ONCE},
    {"a coding nobody knows", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: zzz\r\nContent-Length: 5\r\n\r\nhello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=zzz Content-Length=5 [hello]\n", 0},
    {"four codings are too many", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip, gzip, gzip, gzip\r\nContent-Length: 5\r\n\r\nhello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip, gzip, gzip, gzip Content-Length=5 [hello]\n", 0},
    {"secrets are not kept", "GET / HTTP/1.1\r\nCookie: a=b\r\n c=d\r\nauthorization: Basic eA==\r\nProxy-Authorization: x\r\nB: c\r\n\r\n",
     OK_HEAD "Set-Cookie: s=1\r\nContent-Length: 1\r\n\r\nx",
     "GET / 11 SW Cookie= authorization= Proxy-Authorization= B=c > 200 11 SW Set-Cookie= Content-Length=1 [x]\n", 0},
    {"pipelined", "GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n",
     OK_HEAD "Content-Length: 1\r\n\r\n1" OK_HEAD "Content-Length: 9\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\n3",
     "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\nHEAD /2 11 SW > 200 11 SW Content-Length=9\nGET /3 11 SW > 200 11 SW Content-Length=1 [3]\n", 0},
    {"junk before a request", "\x01\x02 what\nis this\r\nGET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET / 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"no response", "GET / HTTP/1.1\r\n\r\n", "", "GET / 11 SW > -\n", ONCE},
    {"no request", "", OK_HEAD "Content-Length: 1\r\n\r\nx", "- > 200 11 SW Content-Length=1 [x]\n", 0},
    {"a request cut in its head", "GET / HTTP/1.1\r\nHost: x\r\nUser-Ag", "", "GET / 11 S Host=x > -\n", ONCE},
    {"a response cut in its head", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Server: x\r\nConte", "GET / 11 SW > 200 11 S Server=x\n", ONCE},
    {"a request line that never ends", "GET / HTTP/1.1", "", "", ONCE},
    {"answered before it was all sent", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", "HTTP/1.1 413 No\r\nContent-Length: 1\r\n\r\nx",
     "POST / 11 S Content-Length=9 [ab] > 413 11 SW Content-Length=1 [x]\n", ONCE},
    {"HTTP/2 is not for this room", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", "", ONCE},
};

static struct talk talk;

static void in_pieces(struct slice s, int side, size_t first, size_t rest)
{
    talk_data(&talk, side, slice_cut(&s, first));
    while (s.len > 0)
        talk_data(&talk, side, slice_cut(&s, rest));
}

static void end_both(void)
{
    talk_end(&talk, 0);
    talk_end(&talk, 1);
}

/* The pieces' borders must not matter: whole, cut once at every place, byte by byte. */
static void run_row(struct http_memory *memory, const struct row *row)
{
    struct slice request = slice_str(row->request), response = slice_str(row->response);
    size_t longest = request.len > response.len ? request.len : response.len;
    for (size_t cut = 0; cut <= longest; cut++) {
        talk_open(&talk, memory, row->reason);
        in_pieces(request, 0, cut, cut == 0 ? 1 : request.len);
        in_pieces(response, 1, cut, cut == 0 ? 1 : response.len);
        end_both();
        CHECK(strcmp(talk.text, row->expected) == 0, "%s, cut at %zu:\n  want %s  have %s", row->reason, cut, row->expected, talk.text);
        talk_close(&talk);
    }
}

static void run_twice(struct http_memory *memory, const struct row *row)
{
    char *text[3];
    const char *once[3] = {row->request, row->response, row->expected};
    for (int i = 0; i < 3; i++)
        if (asprintf(&text[i], "%s%s", once[i], once[i]) < 0)
            exit(1);
    struct row twice = {row->reason, text[0], text[1], text[2], 0};
    run_row(memory, &twice);
    for (int i = 0; i < 3; i++)
        free(text[i]);
}

/* Cut short anywhere, with the bytes before a page that must not be read: what was begun comes out once. */
static void run_truncated(struct http_memory *memory, const struct row *row)
{
    struct slice side[2] = {slice_str(row->request), slice_str(row->response)};
    for (int cut = 0; cut < 2; cut++)
        for (size_t n = 0; n < side[cut].len; n++) {
            talk_open(&talk, memory, row->reason);
            talk_data(&talk, 0, guard_copy(cut == 0 ? slice_head(side[0], n) : side[0], 0));
            talk_data(&talk, 1, guard_copy(cut == 1 ? slice_head(side[1], n) : side[1], 1));
            end_both();
            talk_close(&talk);
        }
}

static void run_gaps(struct http_memory *memory, const struct row *row)
{
    static const uint64_t gaps[] = {0, 1, 3, 1000000};
    struct slice side[2] = {slice_str(row->request), slice_str(row->response)};
    for (int lost = 0; lost < 2; lost++)
        for (size_t n = 0; n <= side[lost].len; n++)
            for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
                talk_open(&talk, memory, row->reason);
                for (int i = 0; i < 2; i++) {
                    talk_data(&talk, i, slice_head(side[i], i == lost ? n : side[i].len));
                    if (i != lost)
                        continue;
                    talk_gap(&talk, i, gaps[g]);
                    talk_data(&talk, i, slice_from(side[i], n + gaps[g] < side[i].len ? n + gaps[g] : side[i].len));
                }
                end_both();
                talk_close(&talk);
            }
}

int main(void)
{
    char err[ERRLEN];
    struct http_memory *memory = http_memory_open(16 << 20, 64 << 20, err);
    if (memory == NULL)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run_row(memory, &rows[i]);
        if (rows[i].kind != ONCE)
            run_twice(memory, &rows[i]);
        run_truncated(memory, &rows[i]);
        run_gaps(memory, &rows[i]);
    }
    http_memory_close(memory);
    return check_report("test_http");
}
