#include "capture/http.h"
#include "tests/check.h"
#include "tests/http_talk.h"

#include <stdlib.h>
#include <zlib.h>

static void talk_claim(bool holds, const char *reason, const char *claim)
{
    CHECK(holds, "%s: %s", reason, claim);
}

enum { ONCE = 1 }; /* cannot be repeated on one connection */

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
    {"a chunked POST", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     OK_HEAD "Content-Length: 1\r\n\r\nx",
     "POST / 11 SW Transfer-Encoding=chunked [abcde] > 200 11 SW Content-Length=1 [x]\n", 0},
    {"chunk extensions and trailers", "GET / HTTP/1.1\r\n\r\n",
     OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n06 \r\n world\r\n000;x\r\nTrailer: y\r\nZ: "
     "1\r\n\r\n",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=Chunked [hello world]\n", 0},
    {"bare LF in all places", "GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\n"
     "hello\n0\n\n",
     "GET / 11 SW Host=x > 200 11 SW Transfer-Encoding=chunked [hello]\n", 0},
    {"capital hexadecimal digits", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\n"
     "0123456789\r\n0\r\n\r\n",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=chunked [0123456789]\n", 0},
    {"close-delimited", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nall that comes\r\n\r\nHTTP/1.1 200 OK\r\n"
     "\r\n",
     "GET / 10 SW > 200 10 SW [all that comes\\x0d\\x0a\\x0d\\x0aHTTP/1.1 200 OK\\x0d\\x0a\\x0d\\x0a]\n", ONCE},
    {"the answer to HEAD has no body", "HEAD / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 500\r\n\r\n",
     "HEAD / 11 SW > 200 11 SW Content-Length=500\n", 0},
    {"304 has no body", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
     "GET / 11 SW > 304 11 SW Content-Length=500\n", 0},
    {"206 is like 200", "GET / HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n", "HTTP/1.1 206 Partial\r\nContent-Range: bytes "
     "0-1/9\r\nContent-Length: 2\r\n\r\nab",
     "GET / 11 SW Range=bytes=0-1 > 206 11 SW Content-Range=bytes 0-1/9 Content-Length=2 [ab]\n", 0},
    {"interim responses are passed over", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
     "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: c\r\n\r\n" OK_HEAD "Content-Length: "
     "1\r\n\r\nx",
     "POST / 11 SW Expect=100-continue Content-Length=2 [ab] > 200 11 SW Content-Length=1 [x]\n", 0},
    {"CONNECT accepted: a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 200 Established\r\nContent-Length: 9\r\n\r\n\x16\x03\x01",
     "CONNECT a:443 11 SW Host=a > 200 11 SW Content-Length=9\n", ONCE},
    {"CONNECT refused: HTTP goes on", "CONNECT a:443 HTTP/1.1\r\n\r\n",
     "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno",
     "CONNECT a:443 11 SW > 403 11 SW Content-Length=2 [no]\n", 0},
    {"101: another protocol", "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
     "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
     "GET /ws 11 SW Upgrade=websocket > 101 11 SW Upgrade=websocket\n", ONCE},
    {"folded fields are joined", "GET / HTTP/1.1\r\nA: b\r\n \t c\r\n\td  \r\nE:\r\n f\r\n\r\n",
     OK_HEAD "Transfer-Encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     "GET / 11 SW A=b c d E=f > 200 11 SW Transfer-Encoding=chunked [x]\n", 0},
    {"odd case and blanks", "get  /x \t http/1.1 \r\nHOST  :  x \r\nnonsense\r\n: none\r\n\r\n",
     "hTTp/1.1 \t 200\r\ncontent-LENGTH:1\r\n\r\nx",
     "get /x 11 SW HOST=x > 200 11 SW content-LENGTH=1 [x]\n", 0},
    {"empty lines before a message", "\r\n\n\r\nGET / HTTP/1.1\r\n\r\n",
     "\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx\r\n",
     "GET / 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"an absolute target", "GET http://a.b/c?d HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET http://a.b/c?d 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"blanks in a target", "GET /a b HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET /a b 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"HTTP/0.9", "GET /old\r\n", "<html>no head\nat all", "GET /old 9 SW > 0 9 SW [<html>no head\\x0aat all]\n", ONCE},
    {"0.9 asked, 1.0 answered", "GET /old\r\n", "HTTP/1.0 200 OK\r\n\r\nx", "GET /old 9 SW > 200 10 SW [x]\n", ONCE},
    {"chunked wins over a length", "POST / HTTP/1.1\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"
     "x\r\n0\r\n\r\n",
     OK_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n",
     "POST / 11 SW Content-Length=50 Transfer-Encoding=chunked [x] > 200 11 SW Transfer-Encoding=chunked "
     "Content-Length=1 [ab]\n", 0},
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
    {"a length that overflows to 2", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 18446744073709551618\r\n\r\n"
     "abc",
     "GET / 11 SW > 200 11 S Content-Length=18446744073709551618 [abc]\n", ONCE},
    {"shorter than promised", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 9\r\n\r\nabc",
     "GET / 11 SW > 200 11 S Content-Length=9 [abc]\n", ONCE},
    {"chunked, cut off", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
     "GET / 11 SW > 200 11 S Transfer-Encoding=chunked [abc]\n", ONCE},
    {"chunked, the last chunk missing", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\n"
     "abc\r\n",
     "GET / 11 SW > 200 11 S Transfer-Encoding=chunked [abc]\n", ONCE},
    {"claims chunks and has none", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nface it\r\n",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [face it\\x0d\\x0a]\n", ONCE},
    {"chunks that go wrong later", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nabXY",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [abXY]\n", ONCE},
    {"a chunk size that overflows", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
     "10000000000000002\r\nab\r\n",
     "GET / 11 SW > 200 11 SB Transfer-Encoding=chunked [10000000000000002\\x0d\\x0aab\\x0d\\x0a]\n", ONCE},
    {"identity codings", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Transfer-Encoding: identity\r\nContent-Encoding: "
     "identity\r\nContent-Length: 1\r\n\r\nx",
     "GET / 11 SW > 200 11 SW Transfer-Encoding=identity Content-Encoding=identity Content-Length=1 [x]\n", 0},
    {"claims gzip and is not", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
     "hello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip Content-Length=5 [hello]\n", 0},
    {"claims gzip and is one byte of it", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip\r\n"
     "Content-Length: 1\r\n\r\n\x1f",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip Content-Length=1 [\\x1f]\n", 0},
    {"claims deflate and is not", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: deflate\r\nContent-Length: "
     "6\r\n\r\nwhat??",
     "GET / 11 SW > 200 11 SWB Content-Encoding=deflate Content-Length=6 [what??]\n", 0},
    {"bare deflate of nothing", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: deflate\r\nContent-Length: 2\r\n"
     "\r\n\x03",
     "GET / 11 SW > 200 11 S Content-Encoding=deflate Content-Length=2\n", ONCE},
    {"a coding nobody knows", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: zzz\r\nContent-Length: 5\r\n\r\n"
     "hello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=zzz Content-Length=5 [hello]\n", 0},
    {"four codings are too many", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Encoding: gzip, gzip, gzip, gzip\r\n"
     "Content-Length: 5\r\n\r\nhello",
     "GET / 11 SW > 200 11 SWB Content-Encoding=gzip, gzip, gzip, gzip Content-Length=5 [hello]\n", 0},
    {"secrets are not kept", "GET / HTTP/1.1\r\nCookie: a=b\r\n c=d\r\nauthorization: Basic eA==\r\n"
     "Proxy-Authorization: x\r\nB: c\r\n\r\n",
     OK_HEAD "Set-Cookie: s=1\r\nContent-Length: 1\r\n\r\nx",
     "GET / 11 SW Cookie= authorization= Proxy-Authorization= B=c > 200 11 SW Set-Cookie= Content-Length=1 [x]\n", 0},
    {"pipelined", "GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n",
     OK_HEAD "Content-Length: 1\r\n\r\n1" OK_HEAD "Content-Length: 9\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\n3",
     "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\nHEAD /2 11 SW > 200 11 SW Content-Length=9\nGET /3 11 SW > 200 "
     "11 SW Content-Length=1 [3]\n", 0},
    {"junk before a request", "\x01\x02 what\nis this\r\nGET / HTTP/1.1\r\n\r\n", OK_HEAD "Content-Length: 1\r\n\r\nx",
     "GET / 11 SW > 200 11 SW Content-Length=1 [x]\n", 0},
    {"no response", "GET / HTTP/1.1\r\n\r\n", "", "GET / 11 SW > -\n", ONCE},
    {"no request", "", OK_HEAD "Content-Length: 1\r\n\r\nx", "- > 200 11 SW Content-Length=1 [x]\n", 0},
    {"a request cut in its head", "GET / HTTP/1.1\r\nHost: x\r\nUser-Ag", "", "GET / 11 S Host=x > -\n", ONCE},
    {"a response cut in its head", "GET / HTTP/1.1\r\n\r\n", OK_HEAD "Server: x\r\nConte",
     "GET / 11 SW > 200 11 S Server=x\n", ONCE},
    {"a request line that never ends", "GET / HTTP/1.1", "", "", ONCE},
    {"answered before it was all sent", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
     "HTTP/1.1 413 No\r\nContent-Length: 1\r\n\r\nx",
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
        CHECK(strcmp(talk.text, row->expected) == 0, "%s, cut at %zu:\n  want %s  have %s", row->reason, cut,
            row->expected, talk.text);
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

/* ---- what the order of pieces, losses and ends do ---- */

enum { DATA, LOST, END };

struct step {
    int side, kind;
    const char *text;
    uint64_t gap;
};

#define GET(target) {0, DATA, "GET " target " HTTP/1.1\r\n\r\n", 0}
#define OK(body) {1, DATA, OK_HEAD "Content-Length: 1\r\n\r\n" body, 0}

static const struct {
    const char *reason;
    struct step step[10];
    const char *expected;
} scripts[] = {
    {"a gap inside a body of known length is as long as it is",
     {GET("/1"), {1, DATA, OK_HEAD "Content-Length: 20\r\n\r\nabcde", 0}, {1, LOST, "", 10}, {1, DATA, "VWXYZ", 0},
         GET("/2"), OK("x")},
     "GET /1 11 SW > 200 11 SWH Content-Length=20 [abcdeVWXYZ of 20]\nGET /2 11 SW > 200 11 SW Content-Length=1 [x]\n"},
    {"a gap before any byte of a body",
     {GET("/1"), {1, DATA, OK_HEAD "Content-Length: 4\r\n\r\n", 0}, {1, LOST, "", 2}, {1, DATA, "YZ", 0}, GET("/2"),
         OK("x")},
     "GET /1 11 SW > 200 11 SWH Content-Length=4 [YZ of 4]\nGET /2 11 SW > 200 11 SW Content-Length=1 [x]\n"},
    {"a gap up to the end of a body",
     {GET("/1"), {1, DATA, OK_HEAD "Content-Length: 4\r\n\r\nab", 0}, {1, LOST, "", 2}, GET("/2"), OK("x")},
     "GET /1 11 SW > 200 11 SWH Content-Length=4 [ab of 4]\nGET /2 11 SW > 200 11 SW Content-Length=1 [x]\n"},
    {"a gap inside a chunk",
     {GET("/1"), {1, DATA, OK_HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\nabc", 0}, {1, LOST, "", 4}, {1, DATA,
     "XYZ\r\n0\r\n\r\n", 0}},
     "GET /1 11 SW > 200 11 SWH Transfer-Encoding=chunked [abcXYZ of 10]\n"},
    {"a gap over chunk borders ends the body; a status line at a piece's start goes on",
     {GET("/1"), {1, DATA, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc", 0}, {1, LOST, "", 4}, {1, DATA,
     "xx\r\nHTTP/1.1 200 OK\r\n", 0},
      GET("/2"), OK("x")},
     "GET /1 11 SW > 200 11 SH Transfer-Encoding=chunked [abc]\nGET /2 11 SW > 200 11 SW Content-Length=1 [x]\n"},
    {"a gap that runs over the end of the body",
     {GET("/1"), {1, DATA, OK_HEAD "Content-Length: 4\r\n\r\nab", 0}, {1, LOST, "", 3}, {1, DATA, "junk", 0},
         GET("/2"), OK("x")},
     "GET /1 11 SW > 200 11 SH Content-Length=4 [ab]\nGET /2 11 SW > 200 11 SW Content-Length=1 [x]\n"},
    {"a gap in a body up to the end",
     {GET("/1"), {1, DATA, OK_HEAD "\r\nab", 0}, {1, LOST, "", 0}, {1, DATA, "yz", 0}, {1, END, "", 0}},
     "GET /1 11 SW > 200 11 SWH [abyz]\n"},
    {"a gap in a coded body: what follows cannot be decoded and is only counted",
     {GET("/1"), {1, DATA, OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b\x08", 0}, {1, LOST,
     "", 7},
      {1, DATA, "0123456789", 0}, GET("/2"), OK("x")},
     "GET /1 11 SW > 200 11 SWH Content-Encoding=gzip Content-Length=20\nGET /2 11 SW > 200 11 SW Content-Length=1 "
     "[x]\n"},
    {"a lost response: the next one is the newest request's",
     {GET("/1"), {1, LOST, "", 100}, GET("/2"), OK("2"), GET("/3"), OK("3")},
     "GET /1 11 SW > -\nGET /2 11 SW > 200 11 SW Content-Length=1 [2]\nGET /3 11 SW > 200 11 SW Content-Length=1 "
     "[3]\n"},
    {"a lost request: its response has none",
     {GET("/1"), OK("1"), {0, LOST, "", 100}, OK("2"), GET("/3"), OK("3")},
     "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\n- > 200 11 SW Content-Length=1 [2]\nGET /3 11 SW > 200 11 SW "
     "Content-Length=1 [3]\n"},
    {"a gap in a request's head",
     {{0, DATA, "POST /1 HTTP/1.1\r\nHost: x\r\n", 0}, {0, LOST, "", 10}, {0, DATA, "Y: z\r\n\r\n", 0}, OK("1"),
         GET("/2"), OK("2")},
     "POST /1 11 S Host=x > 200 11 SW Content-Length=1 [1]\nGET /2 11 SW > 200 11 SW Content-Length=1 [2]\n"},
    {"a gap in a response's head",
     {GET("/1"), {1, DATA, OK_HEAD "Server: x\r\n", 0}, {1, LOST, "", 10}, {1, DATA, "abc", 0}, GET("/2"), OK("2")},
     "GET /1 11 SW > 200 11 S Server=x\nGET /2 11 SW > 200 11 SW Content-Length=1 [2]\n"},
    {"the server answers after the client has ended",
     {GET("/1"), {0, END, "", 0}, OK("1"), {1, END, "", 0}}, "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\n"},
    {"the client goes on after the server has ended",
     {{0, DATA, "POST /1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nab", 0}, OK("1"), {1, END, "", 0}, {0, DATA, "cd", 0},
         GET("/2")},
     "POST /1 11 SW Content-Length=4 [abcd] > 200 11 SW Content-Length=1 [1]\nGET /2 11 SW > -\n"},
    {"only requests are seen", {GET("/1"), GET("/2"), {0, LOST, "", 9}, GET("/3")},
     "GET /1 11 SW > -\nGET /2 11 SW > -\nGET /3 11 SW > -\n"},
    {"only responses are seen", {OK("1"), {1, LOST, "", 9}, OK("2"), OK("3")},
     "- > 200 11 SW Content-Length=1 [1]\n- > 200 11 SW Content-Length=1 [2]\n- > 200 11 SW Content-Length=1 [3]\n"},
    {"a response long before a request is not that one's", {OK("0"), GET("/1"), OK("1")},
     "- > 200 11 SW Content-Length=1 [0]\nGET /1 11 SW > 200 11 SW Content-Length=1 [1]\n"},
    {"a body without its head, then a response at a piece's start",
     {GET("/1"), {1, DATA, "\x89PNG\r\n no head and no line end", 0}, {1, DATA, "more of it", 0}, GET("/2"), OK("2"),
         GET("/3"), OK("3")},
     "GET /1 11 SW > -\nGET /2 11 SW > 200 11 SW Content-Length=1 [2]\nGET /3 11 SW > 200 11 SW Content-Length=1 "
     "[3]\n"},
    {"a head in three pieces, the last of which looks like another",
     {{0, DATA, "GET /a?u=", 0}, {0, DATA, "GET /bbbbbbbbbbbbbbbbbbbbb", 0}, {0, DATA, " HTTP/1.1\r\n\r\n", 0},
         OK("1")},
     "GET /a?u=GET /bbbbbbbbbbbbbbbbbbbbb 11 SW > 200 11 SW Content-Length=1 [1]\n"},
    {"a version with a bad sign", {GET("/1"), {1, DATA, "HTTP/1.\xff 200 OK\r\nContent-Length: 0\r\n\r\n", 0}},
     "GET /1 11 SW > 200 11 SW Content-Length=0\n"},
    {"after CONNECT everything else goes out",
     {GET("/1"), {0, DATA, "CONNECT a:1 HTTP/1.1\r\n\r\n", 0}, OK("1"), {1, DATA, OK_HEAD "\r\n", 0}, {0, DATA,
     "GET / HTTP/1.1\r\n\r\n", 0}},
     "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\nCONNECT a:1 11 SW > 200 11 SW\n"},
};

static void play(const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count && steps[i].text != NULL; i++) {
        const struct step *s = &steps[i];
        if (s->kind == DATA)
            talk_data(&talk, s->side, guard_copy(slice_str(s->text), 0));
        else if (s->kind == LOST)
            talk_gap(&talk, s->side, s->gap);
        else
            talk_end(&talk, s->side);
    }
}

static void test_scripts(struct http_memory *memory)
{
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        talk_open(&talk, memory, scripts[i].reason);
        play(scripts[i].step, 10);
        end_both();
        CHECK(strcmp(talk.text, scripts[i].expected) == 0, "%s:\n  want %s  have %s", scripts[i].reason,
            scripts[i].expected, talk.text);
        talk_close(&talk);
    }
}

static void test_early(struct http_memory *memory)
{
    static const struct step steps[] = {OK("1"), GET("/1"), OK("2"), GET("/2"), GET("/3"), OK("3")};
    talk_open(&talk, memory, "responses captured just before their requests");
    talk.step = 40;
    play(steps, 6);
    end_both();
    CHECK(strcmp(talk.text, "GET /1 11 SW > 200 11 SW Content-Length=1 [1]\nGET /2 11 SW > 200 11 SW "
        "Content-Length=1 [2]\n"
                            "GET /3 11 SW > 200 11 SW Content-Length=1 [3]\n") == 0, "early responses: %s", talk.text);
    talk_close(&talk);
}

/* ---- bodies with codings, and bigger ones ---- */

static struct slice gzipped(struct slice s)
{
    static uint8_t out[1 << 20];
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *)(uintptr_t)s.p;
    z.avail_in = (uInt)s.len;
    z.next_out = out;
    z.avail_out = sizeof out;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END, "the test's own compression");
    deflateEnd(&z);
    return slice_of(out, sizeof out - z.avail_out);
}

static uint32_t random_next(void)
{
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static void test_bodies(struct http_memory *memory)
{
    static const size_t sizes[] = {1, 8191, 8192, 8193, 16384, 100001};
    static uint8_t plain[100001];
    static char head[200], text[TALK_TEXT];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(random_next() % 3 == 0 ? random_next() : i / 50);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int coded = 0; coded < 2; coded++) {
            struct slice body = slice_of(plain, sizes[i]);
            if (coded)
                body = gzipped(body);
            snprintf(head, sizeof head, OK_HEAD "%sContent-Length: %zu\r\n\r\n",
                coded ? "Content-Encoding: gzip\r\n" : "", body.len);
            for (unsigned form = 0; form < 5; form++) {
                static const size_t pieces[] = {1 << 20, 1, 1460, 8192, 16384};
                talk_open(&talk, memory, "bodies of all sizes");
                talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
                in_pieces(slice_str(head), 1, 0, pieces[form]);
                in_pieces(body, 1, 0, pieces[form]);
                CHECK(talk.transactions == 1 && talk.followed == sizes[i],
                    "%zu bytes, coded %d, form %u: %llu followed",
                      sizes[i], coded, form, (unsigned long long)talk.followed);
                if (form == 0)
                    strcpy(text, talk.text);
                CHECK(strcmp(text, talk.text) == 0, "%zu bytes, coded %d, form %u: all forms alike", sizes[i], coded,
                    form);
                end_both();
                talk_close(&talk);
            }
        }
}

/* ---- limits ---- */

static void test_queue(struct http_memory *memory)
{
    talk_open(&talk, memory, "more requests than may wait");
    for (int i = 0; i < 70; i++)
        talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    CHECK(talk.transactions == 6 && memory->stats.no_room == 6, "the oldest go without a response: %u",
        talk.transactions);
    for (int i = 0; i < 64; i++)
        talk_data(&talk, 1, S("HTTP/1.1 204 No\r\n\r\n"));
    CHECK(talk.transactions == 70 && talk.responses == 64, "the others wait: %u", talk.transactions);
    end_both();
    talk_close(&talk);

    talk_open(&talk, memory, "more requests than may wait, the first being answered");
    talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    talk_data(&talk, 1, S("HTTP/1.1 200 OK\r\n\r\nbody"));
    for (int i = 0; i < 64; i++)
        talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    CHECK(strcmp(talk.text, "GET / 11 SW > 200 11 S [body]\n") == 0, "its body is cut there: %s", talk.text);
    end_both();
    talk_close(&talk);
}

static char *repeat(char *at, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        at = stpcpy(at, text);
    return at;
}

/* Too long, too many, too much: counted, and the body is still found. */
static void test_long(struct http_memory *memory)
{
    static const struct {
        const char *reason, *before, *repeated;
        size_t times;
        const char *after;
    } heads[] = {
        {"a target of 30 KB", "POST /", "a", 30000, " HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"},
        {"a field of 12 KB", "POST / HTTP/1.1\r\nA: ", "a", 12000, "\r\nHost: b\r\nContent-Length: 1\r\n\r\nx"},
        {"a field of 40 KB", "POST / HTTP/1.1\r\nA: ", "a", 40000, "\r\nHost: b\r\nContent-Length: 1\r\n\r\nx"},
        {"a name of 12 KB", "POST / HTTP/1.1\r\n", "a", 12000, ": b\r\nHost: b\r\nContent-Length: 1\r\n\r\nx"},
        {"100 fields", "POST / HTTP/1.1\r\nHost: b\r\n", "A: b\r\n", 100, "Content-Length: 1\r\n\r\nx"},
        {"70,000 fields", "POST / HTTP/1.1\r\nHost: b\r\n", "A: b\r\n", 70000, "Content-Length: 1\r\n\r\nx"},
        {"a field folded 10,000 times", "POST / HTTP/1.1\r\nHost: b\r\nA: b\r\n", " c\r\n", 10000,
             "Content-Length: 1\r\n\r\nx"},
    };
    static char request[500000], text[TALK_TEXT];
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (int form = 0; form < 3; form++) {
            stpcpy(repeat(stpcpy(request, heads[i].before), heads[i].repeated, heads[i].times), heads[i].after);
            talk_open(&talk, memory, heads[i].reason);
            in_pieces(slice_str(request), 0, 0, form == 0 ? sizeof request : form == 1 ? 1460 : 1);
            talk_data(&talk, 1, S("HTTP/1.1 204 No\r\n\r\n"));
            CHECK(talk.transactions == (i > 0) && talk.responses == talk.transactions, "%s", heads[i].reason);
            CHECK(memory->stats.long_heads == (i > 0), "%s: counted", heads[i].reason);
            if (form == 0)
                strcpy(text, talk.text);
            CHECK(strcmp(text, talk.text) == 0, "%s: all forms alike", heads[i].reason);
            CHECK(i == 0 || (strstr(talk.text, "11 SWL") != NULL && strstr(talk.text, " [x] > 204") != NULL),
                  "%s: flagged, and the body found", heads[i].reason);
            CHECK(i == 0 || strstr(talk.text, "Host=b") != NULL, "%s: other fields have their room", heads[i].reason);
            end_both();
            talk_close(&talk);
        }
}

static void test_junk(struct http_memory *memory)
{
    talk_open(&talk, memory, "another protocol");
    for (int i = 0; i < 2000 && http_state(talk.http) == HTTP_SPEAKING; i++)
        talk_data(&talk, 0, S("\x01\x02\x03 all that was never HTTP at all \n\0\0\0\n"));
    CHECK(http_state(talk.http) == HTTP_LOST && memory->stats.blind == 1 && memory->stats.bad_heads == 1,
        "lost, and counted once");
    talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    end_both();
    CHECK(talk.transactions == 0, "what is lost stays lost");
    talk_close(&talk);

    talk_open(&talk, memory, "a long body without its head");
    talk_data(&talk, 0, S("GET /1 HTTP/1.1\r\n\r\n"));
    for (int i = 0; i < 2000; i++)
        talk_data(&talk, 1, S("\x01\x02\x03 a body whose head was lost, line by line\n and without\0"));
    CHECK(http_state(talk.http) == HTTP_SPEAKING, "HTTP was spoken here");
    talk_data(&talk, 0, S("GET /2 HTTP/1.1\r\n\r\n"));
    talk_data(&talk, 1, S("HTTP/1.1 204 No\r\n\r\n"));
    CHECK(strcmp(talk.text, "GET /1 11 SW > -\nGET /2 11 SW > 204 11 SW\n") == 0, "and goes on: %s", talk.text);
    end_both();
    talk_close(&talk);

    talk_open(&talk, memory, "a tunnel");
    talk_data(&talk, 0, S("CONNECT a:1 HTTP/1.1\r\n\r\n"));
    CHECK(http_state(talk.http) == HTTP_SPEAKING, "not before it is accepted");
    talk_data(&talk, 1, S("HTTP/1.1 200 OK\r\n\r\n"));
    CHECK(http_state(talk.http) == HTTP_TUNNEL && talk.transactions == 1, "a tunnel");
    talk_close(&talk);
}

/* Takes all blocks of a pool, or gives them back. */
static void hold(struct pool *pool, bool take)
{
    static void *held[64];
    static unsigned count;
    while (take && count < 64 && (held[count] = pool_take(pool)) != NULL)
        count++;
    while (!take && count > 0)
        pool_give(pool, held[--count]);
}

static void test_empty_pools(struct http_memory *memory)
{
    hold(memory->heads, true);
    talk_open(&talk, memory, "no block for a body");
    talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    talk_data(&talk, 1, S(OK_HEAD "Content-Length: 5\r\n\r\nhel"));
    talk_data(&talk, 1, S("lo" OK_HEAD "Content-Length: 0\r\n\r\n"));
    end_both();
    CHECK(strcmp(talk.text, "GET / 11 SW > 200 11 SWL Content-Length=5\n- > 200 11 SW Content-Length=0\n") == 0,
          "it is passed over and counted: %s", talk.text);
    CHECK(memory->stats.no_room == 1, "once");
    hold(memory->heads, false);
    talk_close(&talk);

    hold(memory->blocks, true);
    talk_open(&talk, memory, "no block for a line in pieces");
    talk_data(&talk, 0, S("GET / HT"));
    CHECK(http_state(talk.http) == HTTP_LOST && http_memory_stats(memory)->no_room == 1, "the connection is lost");
    end_both();
    hold(memory->blocks, false);
    talk_close(&talk);
}

static void test_no_room(void)
{
    char err[ERRLEN];
    struct http_memory *memory = http_memory_open(64 << 10, 1 << 20, err);
    struct http *open[100];
    unsigned count = 0;
    while (count < 100 && (open[count] = http_open(memory)) != NULL)
        count++;
    CHECK(count > 0 && count < 100 && memory->stats.no_room == 1, "connections are bounded: %u", count);
    while (count > 0)
        http_close(open[--count]);

    talk_open(&talk, memory, "no block for a second transaction");
    struct http *other = http_open(memory);
    struct event e;
    talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    http_feed(other, 0, &(struct piece){.kind = PIECE_DATA, .data = S("GET / HTTP/1.1\r\n\r\n")}, 1);
    CHECK(!http_next(other, &e) && http_state(other) == HTTP_LOST, "without a block a connection is lost");
    CHECK(memory->stats.no_room == 1 && memory->stats.blind == 1, "and counted");
    http_close(other);
    talk_data(&talk, 0, S("GET /2 HTTP/1.1\r\n\r\n"));
    CHECK(strcmp(talk.text, "GET / 11 SW > -\n") == 0, "one that holds a block gives its oldest: %s", talk.text);
    end_both();
    talk_close(&talk);

    talk_open(&talk, memory, "no room for br");
    talk_data(&talk, 0, S("GET / HTTP/1.1\r\n\r\n"));
    talk_data(&talk, 1, S(OK_HEAD "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello"));
    CHECK(strstr(talk.text, "200 11 SWB") != NULL && strstr(talk.text, "[hello]") != NULL, "comes as it is: %s",
        talk.text);
    CHECK(memory->stats.no_room == 1 && memory->stats.bad_codings == 0, "counted as what it is");
    end_both();
    talk_close(&talk);

    talk_open(&talk, memory, "responses that wait for their requests hold all blocks");
    talk.step = 0;
    for (int i = 0; i < 5; i++)
        talk_data(&talk, 1, S(OK_HEAD "Content-Length: 0\r\n\r\n"));
    CHECK(talk.transactions == 4, "each gives way to the next: %u", talk.transactions);
    end_both();
    talk_close(&talk);
    test_empty_pools(memory);
    http_memory_close(memory);
    http_memory_close(NULL);
    http_close(NULL);
}

/* ---- small questions ---- */

static void test_looks_like(void)
{
    static const struct {
        const char *first;
        int side;
        bool yes;
    } rows_[] = {
        {"GET / HTTP/1.1\r\n", 0, true}, {"G", 0, true}, {"GET", 0, true}, {"GET ", 0, true}, {"\r\nPOST /x", 0, true},
        {"get / http/1.0\n", 0, true}, {"FOO / HTTP/1.1\r\n", 0, true}, {"FOO /", 0, false}, {"GET /old\r\n", 0, true},
        {"PROPFIND / HT", 0, true}, {"M-SEARCH * HTTP/1.1\r\n", 0, true}, {"OPTIONS rtsp://x RTSP/1.0\r\n", 0, false},
        {"OPTIONS sip:a SIP/2.0\r\n", 0, false}, {"EHLO x\r\n", 0, false}, {"USER a\r\n", 0, false}, {"SSH-2.0-x\r\n",
             0, false},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, false}, {"\x16\x03\x01", 0, false}, {"GETAWAY", 0, false}, {"", 0,
             false}, {"\r\n", 0, false},
        {"HTTP/1.1 200 OK\r\n", 1, true}, {"H", 1, true}, {"http/1.0 ", 1, true}, {"HTTP/2 200", 1, false},
             {"220 ftp\r\n", 1, false},
        {"GET / HTTP/1.1\r\n", 1, false}, {"HTTP/1.1 200 OK\r\n", 0, false}, {"", 1, false},
    };
    for (size_t i = 0; i < sizeof rows_ / sizeof *rows_; i++)
        CHECK(http_looks_like(guard_copy(slice_str(rows_[i].first), 0), rows_[i].side) == rows_[i].yes,
              "side %d: %s", rows_[i].side, rows_[i].first);
}

static void test_header(void)
{
    struct http_message m = {.headers = 3, .header = {{S("Host"), S("a")}, {S("host"), S("b")}, {S("Empty"), S("")}}};
    CHECK(slice_eq(http_header(&m, S("HOST")), S("a")), "the first of that name, in any case");
    CHECK(http_header(&m, S("empty")).p != NULL && http_header(&m, S("empty")).len == 0, "an empty value is there");
    CHECK(http_header(&m, S("Hos")).p == NULL, "a missing one is NULL");
}

/* Rows with bytes exchanged, left out and doubled, in pieces of any size, with losses. */
static void test_mutations(struct http_memory *memory)
{
    for (unsigned round = 0; round < 20000; round++) {
        const struct row *row = &rows[random_next() % (sizeof rows / sizeof *rows)];
        talk_open(&talk, memory, row->reason);
        for (int side = 0; side < 2; side++) {
            uint8_t bytes[2048];
            size_t n = slice_text(slice_str(side == 0 ? row->request : row->response), (char *)bytes,
                sizeof bytes - 400);
            for (unsigned change = random_next() % 4; change > 0 && n > 0; change--) {
                size_t at = random_next() % n, len = random_next() % 100;
                if (random_next() % 2 == 0) {
                    bytes[at] = (uint8_t)random_next();
                } else if (at + len < n) {
                    memmove(bytes + at + len, bytes + at, n - at);
                    n = n + len < 2000 ? n + len : 2000;
                }
            }
            struct slice s = guard_copy(slice_of(bytes, n), side);
            while (s.len > 0) {
                uint32_t dice = random_next();
                talk_data(&talk, side, slice_cut(&s, 1 + random_next() % (dice % 2 ? 8 : 300)));
                if (dice % 127 == 0)
                    talk_gap(&talk, side, dice % 3 * (dice % 50));
            }
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
    test_scripts(memory);
    test_early(memory);
    test_bodies(memory);
    test_queue(memory);
    test_long(memory);
    test_junk(memory);
    test_no_room();
    test_looks_like();
    test_header();
    test_mutations(memory);
    http_memory_close(memory);
    return check_report("test_http");
}
