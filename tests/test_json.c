#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "feeds/json.h"

struct sample {
    struct report report;
    struct hit hit;
    struct cluster_report cluster;
    struct incident_report incident;
};

static struct tuple tuple_of(const char *src, uint16_t sport, const char *dst, uint16_t dport, uint8_t proto)
{
    struct tuple tuple = {.sport = sport, .dport = dport, .proto = proto};
    addr_parse(&tuple.src, slice_str(src));
    addr_parse(&tuple.dst, slice_str(dst));
    return tuple;
}

static void set(struct sample *s, enum report_kind kind, enum hit_seen seen, float bits, int risk_score,
                const char *reason)
{
    struct report *report = &s->report;
    report->kind = kind;
    report->us = 1700000000123456;
    report->bits = bits;
    report->risk_score = risk_score;
    report->sensor = "span-1";
    snprintf(report->id, sizeof report->id, "%032x", (unsigned)kind + 1);
    snprintf(report->reason, sizeof report->reason, "%s", reason);
    if (seen == SEEN_DNS)
        report->tuple = tuple_of("192.0.2.7", 54585, "198.51.100.53", 53, 17);
    else
        report->tuple =
            tuple_of("192.0.2.7", 49201, "203.0.113.9", seen == SEEN_HTTP ? 80 : 443, seen == SEEN_QUIC ? 17 : 6);
    s->hit.seen = seen;
    s->hit.us = report->us;
    s->hit.tuple = report->tuple;
    report->hit = &s->hit;
}

static void set_http(struct sample *s, const char *method, const char *host, const char *target, uint16_t status)
{
    struct hit_http *http = &s->hit.http;
    snprintf(http->method, sizeof http->method, "%s", method);
    snprintf(http->host, sizeof http->host, "%s", host);
    snprintf(http->target, sizeof http->target, "%s", target);
    snprintf(s->hit.name, sizeof s->hit.name, "%s", host);
    http->status = status;
    http->request_bytes = 64;
    if (status != 0) {
        http->response_bytes = 51200;
        snprintf(http->mime_type, sizeof http->mime_type, "application/octet-stream");
    }
}

static void set_geo(struct sample *s)
{
    s->report.geo = (struct geo){.asn = 64500, .organization = "Example Hosting", .country = "NL"};
}

static void set_family(struct sample *s, const char *family, const char *technique)
{
    snprintf(s->hit.family, sizeof s->hit.family, "%s", family);
    snprintf(s->hit.technique[0], sizeof s->hit.technique[0], "%s", technique);
}

static void set_domain(struct sample *s, const char *name)
{
    s->hit.kind = HIT_DOMAIN;
    snprintf(s->hit.name, sizeof s->hit.name, "%s", name);
    s->hit.domain = (struct hit_domain){
        .label = "qamopo", .registered = "qamopo.com", .alternation = 1, .ngram_bits = 3.25F, .grammar = true};
}

static void domain_dns(struct sample *s)
{
    set(s, REPORT_DOMAIN, SEEN_DNS, 6.5F, 40, "qamopo.com fits the grammar of these families");
    set_domain(s, "www.qamopo.com");
    s->hit.answer = true;
    s->hit.addrs = 2;
    s->hit.addr[0] = tuple_of("203.0.113.9", 0, "::", 0, 0).src;
    s->hit.addr[1] = tuple_of("2001:db8::9", 0, "::", 0, 0).src;
}

static void domain_http(struct sample *s)
{
    set(s, REPORT_DOMAIN, SEEN_HTTP, 6.5F, 51, "qamopo.com fits the grammar of these families");
    set_http(s, "GET", "www.qamopo.com", "/", 0);
    set_domain(s, "www.qamopo.com");
    set_geo(s);
}

static void domain_quic(struct sample *s)
{
    set(s, REPORT_DOMAIN, SEEN_QUIC, 6.5F, 51, "qamopo.com fits the grammar of these families");
    set_domain(s, "www.qamopo.com");
}

static void beacon(struct sample *s)
{
    set(s, REPORT_BEACON, SEEN_HTTP, 14, 97, "POST with a pcrc query, as IsErIk sends it");
    set_http(s, "POST", "wagng.com", "/?v=2.2&pcrc=167877582&rv=4.0&r=1", 200);
    set_family(s, "IsErIk", "T1071.001");
    s->hit.kind = HIT_BEACON;
    s->hit.beacon = (struct hit_beacon){.shape = "pcrc-query",
                                        .parameter = {"v=2.2", "pcrc=167877582"},
                                        .parameters = 2,
                                        .decoded = "?v=2.2&pcrc=167877582"};
}

static void beacon_periodic(struct sample *s)
{
    beacon(s);
    snprintf(s->hit.beacon.shape, sizeof s->hit.beacon.shape, "periodic");
    s->hit.beacon.decoded[0] = '\0';
    s->report.period_s = 43200;
    s->report.count = 5;
}

static void payload_dll(struct sample *s)
{
    set(s, REPORT_PAYLOAD, SEEN_HTTP, 30, 99, "a 64-bit DLL, XOR-encrypted with a 4-byte key");
    set_http(s, "POST", "tuwoqol.com", "/sbrg.dat", 200);
    set_family(s, "DealPly", "T1573.001");
    s->hit.kind = HIT_PAYLOAD;
    s->hit.payload = (struct hit_payload){.kind = "dll",
                                          .cipher = "xor",
                                          .key = {0x0a, 0x0b, 0x0c, 0x0d},
                                          .key_length = 4,
                                          .layer = {"gzip", "base64"},
                                          .offset = 3,
                                          .size = 51197,
                                          .size_declared = 51197,
                                          .complete = true,
                                          .parts = 2,
                                          .pe_machine = 0x8664,
                                          .pe_sections = 5,
                                          .pe_timestamp = 1556668800,
                                          .has_hash = true};
    memset(s->hit.payload.sha1, 0xab, sizeof s->hit.payload.sha1);
    memset(s->hit.payload.sha256, 0xcd, sizeof s->hit.payload.sha256);
}

static void payload_script(struct sample *s)
{
    set(s, REPORT_PAYLOAD, SEEN_HTTP, 20, 98, "a script in mirrored base64");
    set_http(s, "POST", "wagng.com", "http://u@wagng.com:8080/a%20b?x=1#top", 200);
    set_family(s, "IsErIk", "T1132.002");
    s->hit.kind = HIT_PAYLOAD;
    s->hit.payload = (struct hit_payload){.kind = "script",
                                          .cipher = "atbash-base64",
                                          .key_step = 0,
                                          .size = 41,
                                          .complete = true,
                                          .preview = "var s=new ActiveXObject(\"WScript.Shell\");\r\n"};
}

static void payload_rolling(struct sample *s)
{
    payload_dll(s);
    s->hit.payload = (struct hit_payload){.kind = "exe",
                                          .cipher = "xor-rolling",
                                          .key = {0x7f},
                                          .key_length = 1,
                                          .key_step = -3,
                                          .size = 4096,
                                          .size_declared = 9216,
                                          .pe_machine = 0x014c,
                                          .pe_sections = 3};
}

static void ioc(struct sample *s)
{
    set(s, REPORT_IOC, SEEN_DNS, 20, 99, "wagng.com is a published server of IsErIk");
    set_family(s, "IsErIk", "");
    snprintf(s->hit.name, sizeof s->hit.name, "wagng.com");
    s->hit.kind = HIT_INDICATOR;
    s->hit.indicator = (struct hit_indicator){.type = INDICATOR_DOMAIN,
                                              .indicator = "wagng.com",
                                              .provider = "Trend Micro 2020",
                                              .description = "IsErIk server"};
    s->report.places = (struct places){.as = {64500, 64501}, .as_count = 2, .country = {"NL", "DE"}, .country_count = 2};
}

static void ioc_tls(struct sample *s)
{
    ioc(s);
    s->report.places = (struct places){0};
    set(s, REPORT_IOC, SEEN_TLS, 20, 99, "wagng.com is a published server of IsErIk");
    set_geo(s);
}

static void cluster(struct sample *s)
{
    set(s, REPORT_CLUSTER, SEEN_DNS, 12, 90, "2 suspicious domains share 1 address");
    s->report.hit = NULL;
    s->report.cluster = &s->cluster;
    s->cluster = (struct cluster_report){.id = "c1",
                                         .merged = "c2",
                                         .domains = {"qamopo.com", "tuwoqol.com"},
                                         .domain_count = 2,
                                         .families = {"ManageX", "DealPly"},
                                         .family_count = 2,
                                         .as = {64500},
                                         .as_count = 1,
                                         .ip_count = 1,
                                         .clients = 3,
                                         .first_us = 1699990000000000,
                                         .last_us = 1700000000123456};
    s->report.places = (struct places){.as = {64502}, .as_count = 1, .country = {"NL"}, .country_count = 1};
    s->cluster.ips[0] = tuple_of("203.0.113.9", 0, "::", 0, 0).src;
}

static void incident(struct sample *s)
{
    set(s, REPORT_INCIDENT, SEEN_DNS, 21, 99, "192.0.2.7 looked up 2 suspicious names");
    s->report.hit = NULL;
    s->report.tuple = (struct tuple){.src = s->report.tuple.src};
    s->report.incident = &s->incident;
    s->report.places = (struct places){.as = {64500}, .as_count = 1, .country = {"NL"}, .country_count = 1};
    s->incident = (struct incident_report){.id = "i1",
                                           .stage = STAGE_BEACON,
                                           .evidence = {"2023-11-14T22:00:00Z domain 6.5 bits qamopo.com",
                                                        "2023-11-14T22:13:20Z beacon 14.0 bits wagng.com"},
                                           .evidence_ids = {"e1", "e2"},
                                           .evidence_count = 2,
                                           .names = {"qamopo.com", "wagng.com"},
                                           .name_count = 2,
                                           .families = {"IsErIk", "ManageX"},
                                           .family_count = 2,
                                           .techniques = {"T1071.001"},
                                           .technique_count = 1,
                                           .server_count = 1,
                                           .first_us = 1699999200000000,
                                           .last_us = 1700000000123456};
    s->incident.servers[0] = tuple_of("203.0.113.9", 0, "::", 0, 0).src;
}

/* The sample of that number from 0 on and its name; NULL after the last. */
static const char *report_sample(struct sample *s, unsigned number)
{
    static const struct { const char *name; void (*fill)(struct sample *); } samples[] = {
        {"domain in DNS", domain_dns},     {"domain in HTTP", domain_http},         {"domain in QUIC", domain_quic},
        {"beacon", beacon},                {"beacon on a schedule", beacon_periodic}, {"payload, a DLL", payload_dll},
        {"payload, a script", payload_script}, {"payload, a rolling key", payload_rolling}, {"indicator in DNS", ioc},
        {"indicator in TLS", ioc_tls},     {"cluster", cluster},                    {"incident", incident},
    };
    if (number >= sizeof samples / sizeof *samples)
        return NULL;
    memset(s, 0, sizeof *s);
    samples[number].fill(s);
    return samples[number].name;
}

/* The two envelopes and the radome object that both hold, with ' for " so that they can be read. */
static const struct { const char *name, *eve, *ecs, *radome; } golden[] = {
    {"domain in DNS",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1130421996726225,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'198.51.100.53','dest_port':53,'proto':'UDP',"
     "'community_id':'1:gIOcMfT6MmdrMt9KjjwhQ/z5ZRU=','app_proto':'dns','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':1000,'rev':1,"
     "'signature':'RADOME domain: consonants and vowels alternate as in DealPly, IsErIk and ManageX names',"
     "'category':'Domain Observed Used for C2 Detected','severity':3,'metadata':{'signature_severity':['Minor']}},"
     "'dns':{'version':2,'type':'answer','rrname':'www.qamopo.com','query':[{'type':'query',"
     "'rrname':'www.qamopo.com'}],'grouped':{'A':['203.0.113.9'],'AAAA':['2001:db8::9']}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.domain','id':'00000000000000000000000000000001',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':40,"
     "'reason':'qamopo.com fits the grammar of these families'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7','port':54585},'destination':{'ip':'198.51.100.53','port':53},"
     "'network':{'transport':'udp','protocol':'dns','community_id':'1:gIOcMfT6MmdrMt9KjjwhQ/z5ZRU='},"
     "'dns':{'type':'answer','question':{'name':'www.qamopo.com','registered_domain':'qamopo.com'},"
     "'resolved_ip':['203.0.113.9','2001:db8::9']}",
     "{'schema':1,'kind':'domain','id':'00000000000000000000000000000001','risk_score':40,"
     "'reason':'qamopo.com fits the grammar of these families','evidence_bits':6.5,'domain':{'name':'www.qamopo.com',"
     "'registered_domain':'qamopo.com','label':'qamopo','alternation':1.0,'ngram_bits':3.25,'grammar':true,"
     "'seen_in':'dns','resolved_ip':['203.0.113.9','2001:db8::9']}}"},
    {"domain in HTTP",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':1000,'rev':1,"
     "'signature':'RADOME domain: consonants and vowels alternate as in DealPly, IsErIk and ManageX names',"
     "'category':'Domain Observed Used for C2 Detected','severity':2,'metadata':{'signature_severity':['Major']}},"
     "'http':{'hostname':'www.qamopo.com','http_port':80,'url':'/','http_method':'GET'}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.domain','id':'00000000000000000000000000000001',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':51,"
     "'reason':'qamopo.com fits the grammar of these families'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7','port':49201},'destination':{'ip':'203.0.113.9','port':80,'as':{'number':64500,"
     "'organization':{'name':'Example Hosting'}},'geo':{'country_iso_code':'NL'}},'network':{'transport':'tcp',"
     "'protocol':'http','community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},"
     "'dns':{'question':{'registered_domain':'qamopo.com'}},'http':{'request':{'method':'GET','body':{'bytes':64}}},"
     "'url':{'original':'http://www.qamopo.com/','full':'http://www.qamopo.com/','scheme':'http',"
     "'domain':'www.qamopo.com','port':80,'path':'/'}",
     "{'schema':1,'kind':'domain','id':'00000000000000000000000000000001','risk_score':51,"
     "'reason':'qamopo.com fits the grammar of these families','evidence_bits':6.5,"
     "'destination':{'as':{'number':64500,'organization':{'name':'Example Hosting'}},'geo':{'country_iso_code':'NL'}},"
     "'domain':{'name':'www.qamopo.com','registered_domain':'qamopo.com','label':'qamopo','alternation':1.0,"
     "'ngram_bits':3.25,'grammar':true,'seen_in':'http'}}"},
    {"domain in QUIC",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':908344266680188,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':443,'proto':'UDP',"
     "'community_id':'1:Z0RMKyzvjADqzp6EoDXgIYqMsh0=','app_proto':'quic','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':1000,'rev':1,"
     "'signature':'RADOME domain: consonants and vowels alternate as in DealPly, IsErIk and ManageX names',"
     "'category':'Domain Observed Used for C2 Detected','severity':2,'metadata':{'signature_severity':['Major']}},"
     "'tls':{'sni':'www.qamopo.com'}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.domain','id':'00000000000000000000000000000001',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':51,"
     "'reason':'qamopo.com fits the grammar of these families'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7','port':49201},'destination':{'ip':'203.0.113.9','port':443},"
     "'network':{'transport':'udp','protocol':'quic','community_id':'1:Z0RMKyzvjADqzp6EoDXgIYqMsh0='},"
     "'dns':{'question':{'registered_domain':'qamopo.com'}},'tls':{'client':{'server_name':'www.qamopo.com'}}",
     "{'schema':1,'kind':'domain','id':'00000000000000000000000000000001','risk_score':51,"
     "'reason':'qamopo.com fits the grammar of these families','evidence_bits':6.5,'domain':{'name':'www.qamopo.com',"
     "'registered_domain':'qamopo.com','label':'qamopo','alternation':1.0,'ngram_bits':3.25,'grammar':true,"
     "'seen_in':'quic'}}"},
    {"beacon",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':2001,'rev':1,'signature':'RADOME beacon: pcrc query',"
     "'category':'Malware Command and Control Activity Detected','severity':1,'metadata':{'malware_family':['IsErIk'],"
     "'mitre_technique_id':['T1071.001'],'signature_severity':['Critical']}},'http':{'hostname':'wagng.com',"
     "'http_port':80,'url':'/?v=2.2&pcrc=167877582&rv=4.0&r=1','http_content_type':'application/octet-stream',"
     "'http_method':'POST','status':200,'length':51200}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.beacon','id':'00000000000000000000000000000002',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':97,'reason':'POST with a pcrc query,"
     " as IsErIk sends it'},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':49201},"
     "'destination':{'ip':'203.0.113.9','port':80},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},'http':{'request':{'method':'POST','body':{'bytes':64}},"
     "'response':{'status_code':200,'body':{'bytes':51200},'mime_type':'application/octet-stream'}},"
     "'url':{'original':'http://wagng.com/?v=2.2&pcrc=167877582&rv=4.0&r=1',"
     "'full':'http://wagng.com/?v=2.2&pcrc=167877582&rv=4.0&r=1','scheme':'http','domain':'wagng.com','port':80,"
     "'path':'/','query':'v=2.2&pcrc=167877582&rv=4.0&r=1'},'threat':{'software':{'name':'IsErIk'},"
     "'technique':{'id':['T1071.001']}}",
     "{'schema':1,'kind':'beacon','id':'00000000000000000000000000000002','risk_score':97,"
     "'reason':'POST with a pcrc query, as IsErIk sends it','evidence_bits':14.0,'families':['IsErIk'],"
     "'techniques':['T1071.001'],'beacon':{'shape':'pcrc-query','parameters':['v=2.2','pcrc=167877582'],"
     "'decoded':'?v=2.2&pcrc=167877582'}}"},
    {"beacon on a schedule",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':2009,'rev':1,'signature':'RADOME beacon: requests on a schedule',"
     "'category':'Malware Command and Control Activity Detected','severity':1,'metadata':{'malware_family':['IsErIk'],"
     "'mitre_technique_id':['T1071.001'],'signature_severity':['Critical']}},'http':{'hostname':'wagng.com',"
     "'http_port':80,'url':'/?v=2.2&pcrc=167877582&rv=4.0&r=1','http_content_type':'application/octet-stream',"
     "'http_method':'POST','status':200,'length':51200}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.beacon','id':'00000000000000000000000000000002',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':97,'reason':'POST with a pcrc query,"
     " as IsErIk sends it'},'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':49201},"
     "'destination':{'ip':'203.0.113.9','port':80},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},'http':{'request':{'method':'POST','body':{'bytes':64}},"
     "'response':{'status_code':200,'body':{'bytes':51200},'mime_type':'application/octet-stream'}},"
     "'url':{'original':'http://wagng.com/?v=2.2&pcrc=167877582&rv=4.0&r=1',"
     "'full':'http://wagng.com/?v=2.2&pcrc=167877582&rv=4.0&r=1','scheme':'http','domain':'wagng.com','port':80,"
     "'path':'/','query':'v=2.2&pcrc=167877582&rv=4.0&r=1'},'threat':{'software':{'name':'IsErIk'},"
     "'technique':{'id':['T1071.001']}}",
     "{'schema':1,'kind':'beacon','id':'00000000000000000000000000000002','risk_score':97,"
     "'reason':'POST with a pcrc query, as IsErIk sends it','evidence_bits':14.0,'families':['IsErIk'],"
     "'techniques':['T1071.001'],'beacon':{'shape':'periodic','parameters':['v=2.2','pcrc=167877582'],"
     "'period_s':43200.0,'count':5}}"},
    {"payload, a DLL",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':3002,'rev':1,'signature':'RADOME payload: XOR-encrypted program',"
     "'category':'A Network Trojan was detected','severity':1,'metadata':{'malware_family':['DealPly'],"
     "'mitre_technique_id':['T1573.001'],'signature_severity':['Critical']}},'http':{'hostname':'tuwoqol.com',"
     "'http_port':80,'url':'/sbrg.dat','http_content_type':'application/octet-stream','http_method':'POST',"
     "'status':200,'length':51200}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.payload','id':'00000000000000000000000000000003','category':['malware',"
     "'network'],'type':['info'],'risk_score':99,'reason':'a 64-bit DLL, XOR-encrypted with a 4-byte key'},"
     "'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':49201},"
     "'destination':{'ip':'203.0.113.9','port':80},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},'http':{'request':{'method':'POST','body':{'bytes':64}},"
     "'response':{'status_code':200,'body':{'bytes':51200},'mime_type':'application/octet-stream'}},"
     "'url':{'original':'http://tuwoqol.com/sbrg.dat','full':'http://tuwoqol.com/sbrg.dat','scheme':'http',"
     "'domain':'tuwoqol.com','port':80,'path':'/sbrg.dat'},'threat':{'software':{'name':'DealPly'},"
     "'technique':{'id':['T1573.001']}}",
     "{'schema':1,'kind':'payload','id':'00000000000000000000000000000003','risk_score':99,'reason':'a 64-bit DLL,"
     " XOR-encrypted with a 4-byte key','evidence_bits':30.0,'families':['DealPly'],'techniques':['T1573.001'],"
     "'payload':{'kind':'dll','cipher':'xor','key':'0a0b0c0d','key_length':4,'layers':['gzip','base64'],'offset':3,"
     "'size':51197,'size_declared':51197,'complete':true,'parts':2,'pe':{'type':'dll','machine':'0x8664',"
     "'timestamp':'2019-05-01T00:00:00.000000Z','sections':5},'sha1':'abababababababababababababababababababab',"
     "'sha256':'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'}}"},
    {"payload, a script",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':3006,'rev':1,'signature':'RADOME payload: script in mirrored base64',"
     "'category':'A Network Trojan was detected','severity':1,'metadata':{'malware_family':['IsErIk'],"
     "'mitre_technique_id':['T1132.002'],'signature_severity':['Critical']}},'http':{'hostname':'wagng.com',"
     "'url':'http://u@wagng.com:8080/a%20b?x=1#top','http_content_type':'application/octet-stream',"
     "'http_method':'POST','status':200,'length':51200}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.payload','id':'00000000000000000000000000000003','category':['malware',"
     "'network'],'type':['info'],'risk_score':98,'reason':'a script in mirrored base64'},'observer':{'name':'span-1',"
     "'type':'sensor'},'source':{'ip':'192.0.2.7','port':49201},'destination':{'ip':'203.0.113.9','port':80},"
     "'network':{'transport':'tcp','protocol':'http','community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},"
     "'http':{'request':{'method':'POST','body':{'bytes':64}},'response':{'status_code':200,'body':{'bytes':51200},"
     "'mime_type':'application/octet-stream'}},'url':{'original':'http://u@wagng.com:8080/a%20b?x=1#top',"
     "'full':'http://u@wagng.com:8080/a%20b?x=1#top','scheme':'http','domain':'wagng.com','path':'/a%20b',"
     "'query':'x=1'},'threat':{'software':{'name':'IsErIk'},'technique':{'id':['T1132.002']}}",
     "{'schema':1,'kind':'payload','id':'00000000000000000000000000000003','risk_score':98,"
     "'reason':'a script in mirrored base64','evidence_bits':20.0,'families':['IsErIk'],'techniques':['T1132.002'],"
     "'payload':{'kind':'script','cipher':'atbash-base64','offset':0,'size':41,'complete':true,"
     "'preview':'var s=new ActiveXObject(\\\"WScript.Shell\\\");\\u000d\\u000a'}}"},
    {"payload, a rolling key",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1485946555980251,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':80,'proto':'TCP',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE=','app_proto':'http','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':3004,'rev':1,'signature':'RADOME payload: program encrypted with a rolling XOR key',"
     "'category':'A Network Trojan was detected','severity':1,'metadata':{'malware_family':['DealPly'],"
     "'mitre_technique_id':['T1573.001'],'signature_severity':['Critical']}},'http':{'hostname':'tuwoqol.com',"
     "'http_port':80,'url':'/sbrg.dat','http_content_type':'application/octet-stream','http_method':'POST',"
     "'status':200,'length':51200}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.payload','id':'00000000000000000000000000000003','category':['malware',"
     "'network'],'type':['info'],'risk_score':99,'reason':'a 64-bit DLL, XOR-encrypted with a 4-byte key'},"
     "'observer':{'name':'span-1','type':'sensor'},'source':{'ip':'192.0.2.7','port':49201},"
     "'destination':{'ip':'203.0.113.9','port':80},'network':{'transport':'tcp','protocol':'http',"
     "'community_id':'1:qO68k/s7dkHHyQtmoUFv/tEYhTE='},'http':{'request':{'method':'POST','body':{'bytes':64}},"
     "'response':{'status_code':200,'body':{'bytes':51200},'mime_type':'application/octet-stream'}},"
     "'url':{'original':'http://tuwoqol.com/sbrg.dat','full':'http://tuwoqol.com/sbrg.dat','scheme':'http',"
     "'domain':'tuwoqol.com','port':80,'path':'/sbrg.dat'},'threat':{'software':{'name':'DealPly'},"
     "'technique':{'id':['T1573.001']}}",
     "{'schema':1,'kind':'payload','id':'00000000000000000000000000000003','risk_score':99,'reason':'a 64-bit DLL,"
     " XOR-encrypted with a 4-byte key','evidence_bits':30.0,'families':['DealPly'],'techniques':['T1573.001'],"
     "'payload':{'kind':'exe','cipher':'xor-rolling','key':'7f','key_length':1,'key_step':-3,'offset':0,'size':4096,"
     "'size_declared':9216,'complete':false,'pe':{'type':'exe','machine':'0x014c',"
     "'sections':3}}}"},
    {"indicator in DNS",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':1130421996726225,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':54585,'dest_ip':'198.51.100.53','dest_port':53,'proto':'UDP',"
     "'community_id':'1:gIOcMfT6MmdrMt9KjjwhQ/z5ZRU=','app_proto':'dns','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':4001,'rev':1,'signature':'RADOME indicator: domain name',"
     "'category':'Possibly Unwanted Program Detected','severity':1,'metadata':{'malware_family':['IsErIk'],"
     "'signature_severity':['Critical']}},'dns':{'version':2,'type':'query','rrname':'wagng.com',"
     "'query':[{'type':'query','rrname':'wagng.com'}]}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.ioc','id':'00000000000000000000000000000004',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':99,"
     "'reason':'wagng.com is a published server of IsErIk'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7','port':54585},'destination':{'ip':'198.51.100.53','port':53},"
     "'network':{'transport':'udp','protocol':'dns','community_id':'1:gIOcMfT6MmdrMt9KjjwhQ/z5ZRU='},"
     "'dns':{'type':'query','question':{'name':'wagng.com'}},'threat':{'software':{'name':'IsErIk'},"
     "'indicator':{'type':'domain-name','name':'wagng.com','provider':'Trend Micro 2020',"
     "'description':'IsErIk server'}}",
     "{'schema':1,'kind':'ioc','id':'00000000000000000000000000000004','risk_score':99,"
     "'reason':'wagng.com is a published server of IsErIk','evidence_bits':20.0,'families':['IsErIk'],"
     "'ioc':{'type':'domain-name','name':'wagng.com','provider':'Trend Micro 2020','description':'IsErIk server',"
     "'seen_in':'dns','as':[64500,64501],'countries':['NL','DE']}}"},
    {"indicator in TLS",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','flow_id':577685812631688,'event_type':'alert',"
     "'src_ip':'192.0.2.7','src_port':49201,'dest_ip':'203.0.113.9','dest_port':443,'proto':'TCP',"
     "'community_id':'1:QazetOsRCQprnxiCsmfvMVDEXKw=','app_proto':'tls','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':4001,'rev':1,'signature':'RADOME indicator: domain name',"
     "'category':'Possibly Unwanted Program Detected','severity':1,'metadata':{'malware_family':['IsErIk'],"
     "'signature_severity':['Critical']}},'tls':{'sni':'wagng.com'}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.ioc','id':'00000000000000000000000000000004',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':99,"
     "'reason':'wagng.com is a published server of IsErIk'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7','port':49201},'destination':{'ip':'203.0.113.9','port':443,'as':{'number':64500,"
     "'organization':{'name':'Example Hosting'}},'geo':{'country_iso_code':'NL'}},'network':{'transport':'tcp',"
     "'protocol':'tls','community_id':'1:QazetOsRCQprnxiCsmfvMVDEXKw='},'tls':{'client':{'server_name':'wagng.com'}},"
     "'threat':{'software':{'name':'IsErIk'},'indicator':{'type':'domain-name','name':'wagng.com',"
     "'provider':'Trend Micro 2020','description':'IsErIk server'}}",
     "{'schema':1,'kind':'ioc','id':'00000000000000000000000000000004','risk_score':99,"
     "'reason':'wagng.com is a published server of IsErIk','evidence_bits':20.0,'families':['IsErIk'],"
     "'destination':{'as':{'number':64500,'organization':{'name':'Example Hosting'}},'geo':{'country_iso_code':'NL'}},"
     "'ioc':{'type':'domain-name','name':'wagng.com','provider':'Trend Micro 2020','description':'IsErIk server',"
     "'seen_in':'tls'}}"},
    {"cluster",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','event_type':'alert','host':'span-1','alert':{'action':'allowed',"
     "'gid':2840,'signature_id':5000,'rev':1,'signature':'RADOME cluster: suspicious domains that share addresses',"
     "'category':'Domain Observed Used for C2 Detected','severity':1,'metadata':{'malware_family':['ManageX',"
     "'DealPly'],'signature_severity':['Critical']}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.cluster','id':'00000000000000000000000000000005',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':90,"
     "'reason':'2 suspicious domains share 1 address'},'observer':{'name':'span-1','type':'sensor'},"
     "'threat':{'software':{'name':'ManageX'}}",
     "{'schema':1,'kind':'cluster','id':'00000000000000000000000000000005','risk_score':90,"
     "'reason':'2 suspicious domains share 1 address','evidence_bits':12.0,'families':['ManageX','DealPly'],"
     "'cluster':{'id':'c1','merged':['c2'],'domains':['qamopo.com','tuwoqol.com'],'ips':['203.0.113.9'],"
     "'families':['ManageX','DealPly'],'as':[64500],'clients':3,'first_seen':'2023-11-14T19:26:40.000000Z',"
     "'last_seen':'2023-11-14T22:13:20.123456Z','countries':['NL']}}"},
    {"incident",
     "{'timestamp':'2023-11-14T22:13:20.123456+0000','event_type':'alert','src_ip':'192.0.2.7','host':'span-1',"
     "'alert':{'action':'allowed','gid':2840,'signature_id':6002,'rev':1,"
     "'signature':'RADOME incident: client talks to servers of the family',"
     "'category':'Targeted Malicious Activity was Detected','severity':1,'metadata':{'malware_family':['IsErIk',"
     "'ManageX'],'mitre_technique_id':['T1071.001'],'signature_severity':['Critical']}}",
     "{'@timestamp':'2023-11-14T22:13:20.123456Z','ecs':{'version':'8.11.0'},'event':{'kind':'alert',"
     "'module':'radome','dataset':'radome.incident','id':'00000000000000000000000000000006',"
     "'category':['intrusion_detection','network'],'type':['info'],'risk_score':99,"
     "'reason':'192.0.2.7 looked up 2 suspicious names'},'observer':{'name':'span-1','type':'sensor'},"
     "'source':{'ip':'192.0.2.7'},'threat':{'software':{'name':'IsErIk'},'technique':{'id':['T1071.001']}}",
     "{'schema':1,'kind':'incident','id':'00000000000000000000000000000006','risk_score':99,"
     "'reason':'192.0.2.7 looked up 2 suspicious names','evidence_bits':21.0,'families':['IsErIk','ManageX'],"
     "'techniques':['T1071.001'],'incident':{'id':'i1','stage':'beacon','aggregator':false,"
     "'evidence':['2023-11-14T22:00:00Z domain 6.5 bits qamopo.com',"
     "'2023-11-14T22:13:20Z beacon 14.0 bits wagng.com'],'evidence_ids':['e1','e2'],'names':['qamopo.com',"
     "'wagng.com'],'servers':['203.0.113.9'],'first_seen':'2023-11-14T22:00:00.000000Z',"
     "'last_seen':'2023-11-14T22:13:20.123456Z','as':[64500],'countries':['NL']}}"},
};

static bool is_golden(const char *out, size_t n, const char *envelope, const char *radome)
{
    static char expected[16384];
    int len = snprintf(expected, sizeof expected, "%s,'radome':%s}\n", envelope, radome);
    for (int i = 0; i < len; i++)
        if (expected[i] == '\'')
            expected[i] = '"';
    return slice_eq(slice_of(out, n), slice_of(expected, (size_t)len));
}

/* Also writes every document to the file named in DOCUMENTS, for tests/check_documents.py. */
static void check_golden(void)
{
    static char out[JSON_MAX];
    static struct sample sample;
    FILE *documents = getenv("DOCUMENTS") == NULL ? NULL : fopen(getenv("DOCUMENTS"), "w");
    const char *name;
    unsigned i = 0;
    for (; (name = report_sample(&sample, i)) != NULL; i++)
        for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++) {
            size_t n = json_report(out, &sample.report, format);
            if (!CHECK(i < sizeof golden / sizeof *golden && strcmp(name, golden[i].name) == 0, "%s has a row", name))
                continue;
            CHECK(is_golden(out, n, format == JSON_EVE ? golden[i].eve : golden[i].ecs, golden[i].radome), "%s: %.*s",
                  name, (int)n, out);
            if (documents != NULL)
                fwrite(out, 1, n, documents);
        }
    CHECK(i == sizeof golden / sizeof *golden, "every row has a sample");
    if (documents != NULL)
        fclose(documents);
}

int main(void)
{
    check_golden();
    return check_report("json");
}
