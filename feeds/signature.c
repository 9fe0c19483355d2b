#include "feeds/signature.h"

#include "feeds/words.h"

/* The last row of each kind has no word: every search ends there. */
static const struct signature signatures[] = {
    {REPORT_DOMAIN, "", 1000, "RADOME domain: consonants and vowels alternate as in DealPly, IsErIk and ManageX names"},
    {REPORT_BEACON, "pcrc-query", 2001, "RADOME beacon: pcrc query"},
    {REPORT_BEACON, "hex-parameters", 2002, "RADOME beacon: hex-encoded parameters"},
    {REPORT_BEACON, "hex-body", 2003, "RADOME beacon: hex-encoded body"},
    {REPORT_BEACON, "body-constant", 2004, "RADOME beacon: DealPly constant in the body"},
    {REPORT_BEACON, "pxl", 2005, "RADOME beacon: /pxl/ query"},
    {REPORT_BEACON, "getblob", 2006, "RADOME beacon: /getblob query"},
    {REPORT_BEACON, "vcsoap-png", 2007, "RADOME beacon: VCSoapClient image request"},
    {REPORT_BEACON, "data-steps", 2008, "RADOME beacon: answer with Data steps"},
    {REPORT_BEACON, "periodic", 2009, "RADOME beacon: requests on a schedule"},
    {REPORT_BEACON, "", 2000, "RADOME beacon"},
    {REPORT_PAYLOAD, "none", 3001, "RADOME payload: program hidden in another body"},
    {REPORT_PAYLOAD, "xor", 3002, "RADOME payload: XOR-encrypted program"},
    {REPORT_PAYLOAD, "xor-skip-zero", 3003, "RADOME payload: XOR-encrypted program, zero bytes kept"},
    {REPORT_PAYLOAD, "xor-rolling", 3004, "RADOME payload: program encrypted with a rolling XOR key"},
    {REPORT_PAYLOAD, "substitution", 3005, "RADOME payload: program with its byte values exchanged"},
    {REPORT_PAYLOAD, "atbash-base64", 3006, "RADOME payload: script in mirrored base64"},
    {REPORT_PAYLOAD, "", 3000, "RADOME payload"},
    {REPORT_IOC, "domain-name", 4001, "RADOME indicator: domain name"},
    {REPORT_IOC, "ipv4-addr", 4002, "RADOME indicator: IPv4 address"},
    {REPORT_IOC, "ipv6-addr", 4003, "RADOME indicator: IPv6 address"},
    {REPORT_IOC, "url", 4004, "RADOME indicator: URL"},
    {REPORT_IOC, "file", 4005, "RADOME indicator: file hash"},
    {REPORT_IOC, "file-name", 4006, "RADOME indicator: file name"},
    {REPORT_IOC, "x-extension-id", 4007, "RADOME indicator: browser extension"},
    {REPORT_IOC, "", 4000, "RADOME indicator"},
    {REPORT_CLUSTER, "", 5000, "RADOME cluster: suspicious domains that share addresses"},
    {REPORT_INCIDENT, "lookup", 6001, "RADOME incident: client looks up names of the family"},
    {REPORT_INCIDENT, "beacon", 6002, "RADOME incident: client talks to servers of the family"},
    {REPORT_INCIDENT, "payload", 6003, "RADOME incident: client received a program or script of the family"},
    {REPORT_INCIDENT, "", 6000, "RADOME incident"},
};

_Static_assert(sizeof signatures / sizeof *signatures <= SIGNATURES_MOST, "rules have room for all");

static const char *word_of_report(const struct report *report)
{
    switch (report->kind) {
    case REPORT_DOMAIN: break;
    case REPORT_BEACON: return report->hit->beacon.shape;
    case REPORT_PAYLOAD: return report->hit->payload.cipher;
    case REPORT_IOC: return word_of_indicator(report->hit->indicator.type);
    case REPORT_CLUSTER: break;
    case REPORT_INCIDENT: return word_of_stage(report->incident->stage);
    }
    return "";
}

const struct signature *signature_of(const struct report *report)
{
    const char *word = word_of_report(report);
    const struct signature *row = signatures;
    while (row->kind != report->kind || (row->word[0] != '\0' && strcmp(row->word, word) != 0))
        row++;
    return row;
}

const struct signature *signature_at(size_t i)
{
    return i < sizeof signatures / sizeof *signatures ? &signatures[i] : NULL;
}

size_t signature_row(const struct signature *row)
{
    return (size_t)(row - signatures);
}

const char *signature_category(enum report_kind kind)
{
    static const char *const categories[] = {
        [REPORT_DOMAIN] = "Domain Observed Used for C2 Detected",
        [REPORT_BEACON] = "Malware Command and Control Activity Detected",
        [REPORT_PAYLOAD] = "A Network Trojan was detected",
        [REPORT_IOC] = "Possibly Unwanted Program Detected",
        [REPORT_CLUSTER] = "Domain Observed Used for C2 Detected",
        [REPORT_INCIDENT] = "Targeted Malicious Activity was Detected",
    };
    return categories[kind];
}
