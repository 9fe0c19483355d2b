#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "feeds/json.h"

static char out[JSON_MAX];

/* Wire bytes of an answer: www.a.com is an alias of b.a.com, which has an address of each kind; a TXT of two strings,
 * an SRV, and a type without a name. */
static const char answer_wire[] =
    "\x12\x34\x85\xa0\0\1\0\6\0\0\0\0" "\3www\1a\3com\0\0\1\0\1"
    "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\4" "\1b\xc0\x10"
    "\1b\xc0\x10\0\1\0\1\0\0\0\x3c\0\4" "\xcb\0\x71\x09"
    "\1b\xc0\x10\0\x1c\0\1\0\0\0\x3c\0\x10" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
    "\xc0\x0c\0\x10\0\1\0\0\0\1\0\6" "\2hi\2\x1b!"
    "\xc0\x0c\0\x21\0\1\0\0\0\1\0\x09" "\0\1\0\2\x13\xc4\1c\0"
    "\xc0\x0c\xff\x78\x80\1\0\0\0\0\0\0";
static const char query_wire[] = "\0\7\1\0\0\1\0\0\0\0\0\0" "\0\0\2\0\1";

static struct dns_msg dns;

static struct http_transaction http = {
    .us = 1700000000123456,
    .ordinal = 2,
    .request = {.method = {(const uint8_t *)"GET", 3},
                .target = {(const uint8_t *)"/a/b.html?x=\xff", 13},
                .version = 11,
                .flags = HTTP_SEEN | HTTP_WHOLE,
                .headers = 3,
                .header = {{S("Host"), S("www.a.com:80")},
                           {S("User-Agent"), S("curl/8\x1b")},
                           {S("Referer"), S("http://b.com/")}}},
    .response = {.status = 404,
                 .version = 11,
                 .flags = HTTP_SEEN | HTTP_WHOLE,
                 .headers = 1,
                 .header = {{S("content-type"), S("Text/HTML; charset=utf-8")}},
                 .wire_bytes = 100,
                 .body_bytes = 300},
};
static const struct http_transaction answer_only = {
    .us = 1700000000123456,
    .ordinal = 1,
    .response = {.status = 200, .version = 10, .flags = HTTP_SEEN},
};
static const struct tls_hello hello = {.server_name = "www.a.com", .alpn = "h3", .version = 0x0304, .quic = true};
static const struct tls_hello nameless = {.version = 0x0303, .ech = true};

static const struct golden { const char *name, *eve, *ecs; } golden[] = {
    {"DNS query for the root",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':852778758567785,'event_type':'dns',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':53,'proto':'UDP',"
     "'community_id':'1:YPMg3z7tK8BkgUlCvQWmGlWRGoE=','app_proto':'dns','host':'span-1','dns':{'version':2,"
     "'type':'query','id':7,'opcode':0,'rrname':'.','rrtype':'NS'},'radome':{'schema':1,'kind':'dns',"
     "'id':'0b594a9e584242ff46b231d2ff938269'}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.dns','id':'0b594a9e584242ff46b231d2ff938269','category':['network'],"
     "'type':['protocol']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':54585},"
     "'destination':{'ip':'203.0.113.9','port':53},'network':{'transport':'udp','protocol':'dns',"
     "'community_id':'1:YPMg3z7tK8BkgUlCvQWmGlWRGoE='},'dns':{'id':'7','type':'query','header_flags':['RD'],"
     "'question':{'name':'.','type':'NS','class':'IN'}},'radome':{'schema':1,'kind':'dns',"
     "'id':'0b594a9e584242ff46b231d2ff938269'}}"},
    {"DNS answer",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':852778758567785,'event_type':'dns',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':53,'proto':'UDP',"
     "'community_id':'1:YPMg3z7tK8BkgUlCvQWmGlWRGoE=','app_proto':'dns','host':'span-1','dns':{'version':2,"
     "'type':'answer','id':4660,'flags':'85a0','qr':true,'aa':true,'rd':true,'ra':true,'opcode':0,"
     "'rrname':'www.a.com','rrtype':'A','rcode':'NOERROR','answers':[{'rrname':'www.a.com','rrtype':'CNAME','ttl':300,"
     "'rdata':'b.a.com'},{'rrname':'b.a.com','rrtype':'A','ttl':60,'rdata':'203.0.113.9'},{'rrname':'b.a.com',"
     "'rrtype':'AAAA','ttl':60,'rdata':'2001:db8::9'},{'rrname':'www.a.com','rrtype':'TXT','ttl':1,"
     "'rdata':'hi\\u001b!'},{'rrname':'www.a.com','rrtype':'SRV','ttl':1,'srv':{'priority':1,'weight':2,'port':5060,"
     "'name':'c'}},{'rrname':'www.a.com','rrtype':'TYPE65400','ttl':0}],'grouped':{'A':['203.0.113.9'],"
     "'AAAA':['2001:db8::9'],'CNAME':['b.a.com'],'SRV':[{'priority':1,'weight':2,'port':5060,'name':'c'}],"
     "'TXT':['hi\\u001b!']}},'radome':{'schema':1,'kind':'dns','id':'789c03ed0c13184a28e79e732d7a66b1'}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.dns','id':'789c03ed0c13184a28e79e732d7a66b1','category':['network'],"
     "'type':['protocol']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':54585},"
     "'destination':{'ip':'203.0.113.9','port':53},'network':{'transport':'udp','protocol':'dns',"
     "'community_id':'1:YPMg3z7tK8BkgUlCvQWmGlWRGoE='},'dns':{'id':'4660','type':'answer','header_flags':['AA','RD',"
     "'RA','AD'],'question':{'name':'www.a.com','registered_domain':'a.com','type':'A','class':'IN'},"
     "'response_code':'NOERROR','answers':[{'name':'www.a.com','type':'CNAME','class':'IN','ttl':300,"
     "'data':'b.a.com'},{'name':'b.a.com','type':'A','class':'IN','ttl':60,'data':'203.0.113.9'},{'name':'b.a.com',"
     "'type':'AAAA','class':'IN','ttl':60,'data':'2001:db8::9'},{'name':'www.a.com','type':'TXT','class':'IN','ttl':1,"
     "'data':'hi\\u001b!'},{'name':'www.a.com','type':'SRV','class':'IN','ttl':1,'data':'c'},{'name':'www.a.com',"
     "'type':'TYPE65400','class':'CLASS32769','ttl':0}],'resolved_ip':['203.0.113.9','2001:db8::9']},"
     "'radome':{'schema':1,'kind':'dns','id':'789c03ed0c13184a28e79e732d7a66b1'}}"},
    {"HTTP",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':869285821026507,'event_type':'http',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':8080,'proto':'TCP',"
     "'community_id':'1:YtOMEkIZerkfTKFOubMIElkpvc4=','app_proto':'http','host':'span-1','tx_id':1,"
     "'http':{'hostname':'www.a.com','http_port':8080,'url':'/a/b.html?x=\xef\xbf\xbd',"
     "'http_user_agent':'curl/8\\u001b','http_content_type':'text/html','http_method':'GET',"
     "'http_refer':'http://b.com/','protocol':'HTTP/1.1','status':404,'length':300},'radome':{'schema':1,"
     "'kind':'http','id':'2b907339ce7739c5ec2bc6dd13a7d5f7','http':{'transaction':2}}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.http','id':'2b907339ce7739c5ec2bc6dd13a7d5f7','category':['network','web'],"
     "'type':['protocol','access']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7',"
     "'port':54585},'destination':{'ip':'203.0.113.9','port':8080},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:YtOMEkIZerkfTKFOubMIElkpvc4='},'http':{'version':'1.1','request':{'method':'GET','bytes':95,"
     "'body':{'bytes':0},'referrer':'http://b.com/'},'response':{'status_code':404,'body':{'bytes':300},"
     "'mime_type':'text/html'}},'url':{'original':'http://www.a.com:8080/a/b.html?x=\xef\xbf\xbd',"
     "'full':'http://www.a.com:8080/a/b.html?x=\xef\xbf\xbd','scheme':'http','domain':'www.a.com','port':8080,"
     "'path':'/a/b.html','query':'x=\xef\xbf\xbd'},'user_agent':{'original':'curl/8\\u001b'},'radome':{'schema':1,"
     "'kind':'http','id':'2b907339ce7739c5ec2bc6dd13a7d5f7','http':{'transaction':2}}}"},
    {"HTTP, only the answer seen",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':869285821026507,'event_type':'http',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':8080,'proto':'TCP',"
     "'community_id':'1:YtOMEkIZerkfTKFOubMIElkpvc4=','app_proto':'http','host':'span-1','tx_id':0,"
     "'http':{'protocol':'HTTP/1.0','status':200,'length':0},'radome':{'schema':1,'kind':'http',"
     "'id':'7fb7f8e58efe58334527d676df1b553b','http':{'transaction':1}}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.http','id':'7fb7f8e58efe58334527d676df1b553b','category':['network','web'],"
     "'type':['protocol','access']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7',"
     "'port':54585},'destination':{'ip':'203.0.113.9','port':8080},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:YtOMEkIZerkfTKFOubMIElkpvc4='},'http':{'version':'1.0','response':{'status_code':200,"
     "'body':{'bytes':0}}},'radome':{'schema':1,'kind':'http','id':'7fb7f8e58efe58334527d676df1b553b',"
     "'http':{'transaction':1}}}"},
    {"QUIC",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':2159120399819304,'event_type':'tls',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':443,'proto':'UDP',"
     "'community_id':'1:9XasjqxFG5Qld6m4GkuT702imR0=','app_proto':'quic','host':'span-1','tls':{'sni':'www.a.com'},"
     "'radome':{'schema':1,'kind':'tls','id':'955cbd8fc22746f3d733328f275d4182','tls':{'offered_version':'1.3',"
     "'alpn':'h3','ech':false}}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.tls','id':'955cbd8fc22746f3d733328f275d4182','category':['network'],"
     "'type':['protocol']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':54585},"
     "'destination':{'ip':'203.0.113.9','port':443},'network':{'transport':'udp','protocol':'quic',"
     "'community_id':'1:9XasjqxFG5Qld6m4GkuT702imR0='},'tls':{'client':{'server_name':'www.a.com'}},"
     "'radome':{'schema':1,'kind':'tls','id':'955cbd8fc22746f3d733328f275d4182','tls':{'offered_version':'1.3',"
     "'alpn':'h3','ech':false}}}"},
    {"TLS without a name",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':730317882668040,'event_type':'tls',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'203.0.113.9','dest_port':443,'proto':'TCP',"
     "'community_id':'1:UwcMPwaBAxrFq39po/rjZl7xi6Q=','app_proto':'tls','host':'span-1','radome':{'schema':1,"
     "'kind':'tls','id':'f6671349105852cd84f7c938cba163cf','tls':{'offered_version':'1.2','ech':true}}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'event',"
     "'module':'radome','dataset':'radome.tls','id':'f6671349105852cd84f7c938cba163cf','category':['network'],"
     "'type':['protocol']},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':54585},"
     "'destination':{'ip':'203.0.113.9','port':443},'network':{'transport':'tcp','protocol':'tls',"
     "'community_id':'1:UwcMPwaBAxrFq39po/rjZl7xi6Q='},'radome':{'schema':1,'kind':'tls',"
     "'id':'f6671349105852cd84f7c938cba163cf','tls':{'offered_version':'1.2','ech':true}}}"},
    {"statistics",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','event_type':'stats','host':'span-1','radome':{'schema':1,"
     "'kind':'stats','id':'dbfb820c4d48299dbb91fd6df7463d2a','stats':{'capture':{'packets':12,'drops':0},"
     "'http':{'requests':3,'bytes':9223372036854775807}}}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'metric',"
     "'module':'radome','dataset':'radome.stats','id':'dbfb820c4d48299dbb91fd6df7463d2a'},'observer':{'name':'span-1',"
     "'type':'sensor'},'radome':{'schema':1,'kind':'stats','id':'dbfb820c4d48299dbb91fd6df7463d2a',"
     "'stats':{'capture':{'packets':12,'drops':0},'http':{'requests':3,'bytes':9223372036854775807}}}}"},
};

static bool make_event(struct event *event, size_t row)
{
    *event = (struct event){.us = 1700000000123456, .tuple = {.sport = 54585, .dport = 53, .proto = 17}};
    addr_parse(&event->tuple.src, S("192.0.2.7"));
    addr_parse(&event->tuple.dst, S("203.0.113.9"));
    if (row < 2) {
        event->kind = EVENT_DNS;
        event->dns = &dns;
        return row == 0 ? dns_parse(&dns, slice_of(query_wire, sizeof query_wire - 1))
                        : dns_parse(&dns, slice_of(answer_wire, sizeof answer_wire - 1));
    }
    event->kind = row < 4 ? EVENT_HTTP : EVENT_TLS;
    event->tuple.proto = row == 4 ? 17 : 6;
    event->tuple.dport = row < 4 ? 8080 : 443;
    if (row < 4)
        event->http = row == 2 ? &http : &answer_only;
    else
        event->tls = row == 4 ? &hello : &nameless;
    return true;
}

static bool is_golden(size_t n, const char *text)
{
    static char expected[8192];
    int len = snprintf(expected, sizeof expected, "%s\n", text);
    for (int i = 0; i < len; i++)
        if (expected[i] == '\'')
            expected[i] = '"';
    return slice_eq(slice_of(out, n), slice_of(expected, (size_t)len));
}

/* Also writes every document to the file named in DOCUMENTS, for tests/check_documents.py. */
static FILE *documents;

static void check(size_t n, const struct golden *row, enum json_format format)
{
    CHECK(is_golden(n, format == JSON_EVE ? row->eve : row->ecs), "%s: %.*s", row->name, (int)n, out);
    if (documents != NULL)
        fwrite(out, 1, n, documents);
}

static void check_golden(void)
{
    static const struct stat_value values[] = {
        {"capture", "packets", 12}, {"http", "requests", 3}, {"capture", "drops", 0}, {"http", "bytes", UINT64_MAX}};
    size_t rows = sizeof golden / sizeof *golden;
    for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++) {
        for (size_t i = 0; i + 1 < rows; i++) {
            struct event event;
            CHECK(make_event(&event, i), "%s: an event", golden[i].name);
            check(json_record(out, &event, "span-1", format), &golden[i], format);
        }
        check(json_stats(out, 1700000000123456, "span-1", values, 4, format), &golden[rows - 1], format);
    }
    struct event body = {.kind = EVENT_BODY};
    CHECK(json_record(out, &body, "s", JSON_EVE) == 0, "a piece of a body is no record");

    static const struct geo geo = {64500, "Example Networks", "NL"};
    static const char said[] = "\"destination\":{\"as\":{\"number\":64500,\"organization\":{\"name\":\"Example Networks\"}},"
                               "\"geo\":{\"country_iso_code\":\"NL\"}}";
    struct event nowhere = {.kind = EVENT_TLS, .us = 1, .tls = &hello};
    for (int format = JSON_EVE; format <= JSON_ECS; format++) {
        size_t n = json_record_at(out, &nowhere, &geo, "s", (enum json_format)format);
        CHECK(slice_find(slice_of(out, n), slice_str(said)) > 0, "%d: where the server is: %.*s", format, (int)n, out);
        n = json_record_at(out, &nowhere, &(struct geo){0}, "s", (enum json_format)format);
        CHECK(slice_find(slice_of(out, n), S("geo")) < 0, "%d: or not, where that is not known", format);
    }
}

/* As many records as a message can hold, names as long as can be: cut, never lost. */
static void check_largest(void)
{
    static uint8_t text[65535];
    struct event event;
    char name[1004];
    make_event(&event, 1);
    memset(text, 1, sizeof text); /* as TXT data: strings of one byte, each of which needs an escape */
    memset(name, '\\', sizeof name);
    dns.answers = DNS_RRS;
    for (int type = 0; type < 3; type++) {
        for (size_t i = 0; i < DNS_RRS; i++) {
            dns.rr[i] = (struct dns_rr){.name = slice_of(name, sizeof name),
                                        .type = (uint16_t[]){DNS_TXT, DNS_CNAME, DNS_AAAA}[type],
                                        .class = 65535,
                                        .ttl = UINT32_MAX,
                                        .rdata = slice_of(text, sizeof text),
                                        .target = slice_of(name, sizeof name),
                                        .has_addr = type == 2};
            memset(&dns.rr[i].addr, 0xfe, sizeof dns.rr[i].addr);
        }
        for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++)
            CHECK(json_record(out, &event, "s", format) > JSON_MAX / 2,
                  "%d, %d: 256 long answers are cut, the document is not lost", type, format);
    }

    static char target[100000];
    make_event(&event, 2);
    struct http_transaction long_one = http;
    memset(target, 1, sizeof target);
    target[0] = '/';
    event.http = &long_one;
    long_one.request.target = long_one.request.header[1].value = long_one.request.header[2].value =
        slice_of(target, sizeof target);
    for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++)
        CHECK(json_record(out, &event, "s", format) > 60000, "%d: a long target is cut, the document is not lost",
              format);
}

int main(void)
{
    if (getenv("DOCUMENTS") != NULL)
        documents = fopen(getenv("DOCUMENTS"), "w");
    check_golden();
    check_largest();
    if (documents != NULL)
        fclose(documents);
    return check_report("json_record");
}
