#include "feeds/dns_words.h"

#include <stdio.h>

struct word {
    uint16_t number;
    const char *text;
};

static const char *find(const struct word *words, size_t count, uint16_t number, const char *prefix,
                        char scratch[static DNS_WORD])
{
    for (size_t i = 0; i < count; i++)
        if (words[i].number == number)
            return words[i].text;
    snprintf(scratch, DNS_WORD, "%s%u", prefix, number);
    return scratch;
}

const char *dns_word_of_type(uint16_t type, char scratch[static DNS_WORD])
{
    static const struct word words[] = {
        /* the common ones first */
        {1, "A"},       {28, "AAAA"},    {65, "HTTPS"},      {5, "CNAME"},  {12, "PTR"},    {6, "SOA"},
        {2, "NS"},      {16, "TXT"},     {33, "SRV"},        {15, "MX"},    {64, "SVCB"},   {10, "NULL"},
        {13, "HINFO"},  {17, "RP"},      {18, "AFSDB"},      {24, "SIG"},   {25, "KEY"},    {29, "LOC"},
        {35, "NAPTR"},  {36, "KX"},      {37, "CERT"},       {39, "DNAME"}, {41, "OPT"},    {42, "APL"},
        {43, "DS"},     {44, "SSHFP"},   {45, "IPSECKEY"},   {46, "RRSIG"}, {47, "NSEC"},   {48, "DNSKEY"},
        {49, "DHCID"},  {50, "NSEC3"},   {51, "NSEC3PARAM"}, {52, "TLSA"},  {53, "SMIMEA"}, {55, "HIP"},
        {59, "CDS"},    {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"}, {63, "ZONEMD"}, {99, "SPF"},
        {108, "EUI48"}, {109, "EUI64"},  {249, "TKEY"},      {250, "TSIG"}, {251, "IXFR"},  {252, "AXFR"},
        {255, "ANY"},   {256, "URI"},    {257, "CAA"},
    };
    return find(words, sizeof words / sizeof *words, type, "TYPE", scratch);
}

const char *dns_word_of_class(uint16_t class, char scratch[static DNS_WORD])
{
    static const struct word words[] = {{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}};
    return find(words, sizeof words / sizeof *words, class, "CLASS", scratch);
}

const char *dns_word_of_rcode(uint8_t rcode, char scratch[static DNS_WORD])
{
    static const struct word words[] = {
        {0, "NOERROR"},  {1, "FORMERR"},  {2, "SERVFAIL"},  {3, "NXDOMAIN"},   {4, "NOTIMP"},
        {5, "REFUSED"},  {6, "YXDOMAIN"}, {7, "YXRRSET"},   {8, "NXRRSET"},    {9, "NOTAUTH"},
        {10, "NOTZONE"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},   {19, "BADMODE"},
        {20, "BADNAME"}, {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
    };
    return find(words, sizeof words / sizeof *words, rcode, "RCODE", scratch);
}

size_t dns_words_of_flags(uint16_t flags, const char *out[static DNS_FLAGS])
{
    static const struct word words[DNS_FLAGS] = {{0x0400, "AA"}, {0x0200, "TC"}, {0x0100, "RD"},
                                                 {0x0080, "RA"}, {0x0020, "AD"}, {0x0010, "CD"}};
    size_t n = 0;
    for (size_t i = 0; i < DNS_FLAGS; i++)
        if (flags & words[i].number)
            out[n++] = words[i].text;
    return n;
}

bool dns_srv_of(struct dns_srv *srv, const struct dns_rr *rr)
{
    struct cursor c = cursor_of(rr->rdata);
    srv->priority = cursor_u16(&c);
    srv->weight = cursor_u16(&c);
    srv->port = cursor_u16(&c);
    srv->target = rr->target;
    return rr->type == DNS_SRV && !c.bad;
}

static struct slice txt_of(const struct dns_rr *rr, char scratch[static DNS_DATA])
{
    struct cursor c = cursor_of(rr->rdata);
    size_t len = 0;
    while (cursor_left(&c) > 0 && !c.bad) {
        struct slice text = slice_head(cursor_take(&c, cursor_u8(&c)), DNS_DATA - len);
        if (text.len > 0)
            memcpy(scratch + len, text.p, text.len);
        len += text.len;
    }
    return slice_of(scratch, len);
}

struct slice dns_data_of(const struct dns_rr *rr, char scratch[static DNS_DATA])
{
    if (rr->has_addr && (rr->type == DNS_A || rr->type == DNS_AAAA))
        return slice_str(addr_format(&rr->addr, scratch));
    return rr->type == DNS_TXT ? txt_of(rr, scratch) : rr->target;
}
