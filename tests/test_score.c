/* radome-score and radome-train as a user calls them: from the directory that this test's own build made them in. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

enum { OUT = 65536 };

static const struct row {
    const char *input, *command; /* a shell's words behind the program's name */
    int status;
    const char *out[3], *err;    /* each must be found; NULL: nothing may be printed */
    const char *reason;
} rows[] = {
    {"", "score tuwoqol.com", 0, {" listed ", "DealPly", " 94 "}, NULL, "an indicator decides"},
    {"", "score www.wagng.com", 0, {" listed ", "IsErIk", " no "}, NULL, "one that does not fit, by a name below it"},
    {"", "score --no-builtin-ioc tuwoqol.com", 0,
     {" suspicious ", " 32 ", " 8.9 "}, NULL, "without the list: below the cap"},
    {"", "score canon.com", 0, {" allowed ", "canon.com is on the allowlist", " yes "}, NULL, "a look-alike"},
    {"", "score --no-builtin-allow canon.com", 0,
     {" suspicious ", " 0 ", " yes "}, NULL, "without the list of look-alikes"},
    {"", "score --explain quqajuq.com", 0, {"registered   quqajuq.com", "letters ", "one unlisted name is never enough"}, NULL, "the parts"},
    {"", "score --explain color.com", 0,
     {"allowlist    color.com; built-in look-alikes, line ", "too few for a hit", "100 %"}, NULL, "the entry that decided"},
    {"", "score --explain www.tuwoqol.com", 0,
     {"indicator    tuwoqol.com: DealPly, ", "; built-in list, line ", " (decides)"}, NULL, "the indicator that decided"},
    {"", "score --explain --no-builtin-ioc --no-builtin-allow google.com", 0,
     {"lists        none has it, nor a name above it", "ordinary", "registered   google.com"}, NULL, "no entry at all"},
    {"", "score --explain --ioc $W/csv --allow $W/allow a.qamopo.com", 0,
     {"indicator    qamopo.com: ManageX, ", "allowlist    qamopo.com; ", "allow, line 2 (the indicator beats it)"}, NULL, "both"},
    {"", "score --explain --allow $W/allow 192.0.2.77", 0,
     {" allowed ", "as a server  server 192.0.2.0/24; ", "allow, line 4 (decides)"}, NULL, "an allowed server"},
    {"", "score --explain --allow $W/allow 10.1.9.9", 0,
     {" allowed ", "as a client  client 10.1.0.0/16; ", "allow, line 3 (nothing of this client is flagged)"}, NULL,
     "an allowed client"},
    {"", "score --explain --ioc $W/ioc --allow $W/allow 192.0.2.7", 0,
     {" listed ", "indicator    192.0.2.7: no family named, ioc; ", "ioc, line 1 (decides)"}, NULL, "a listed address"},
    {"", "score --explain --ioc $W/ioc --allow $W/allow 192.0.2.7", 0,
     {" 6.0 ", "as a server  server 192.0.2.0/24", " (the indicator beats it)"}, NULL, "which beats an allowed network"},
    {"", "score --explain 2001:DB8::1", 0, {"2001:db8::1 ", "no list names this address", "lists        none has it\n"}, NULL,
     "an address that no list has"},
    {"", "score --json --ioc $W/ioc 192.0.2.7", 0,
     {"\"list\":", "\"line\":1", "\"verdict\":\"listed\""}, NULL, "JSON of an address"},
    {"", "score --geoip $W/names x.com", 2, {NULL}, "not a MaxMind-format database", "no database"},
    {"", "score google.com", 0, {" ordinary ", "does not fit", " 0.60 "}, NULL, "most names"},
    {"", "score --json quqajuq.com", 0,
     {"\"grammar\":true", "\"verdict\":\"suspicious\"", "\"shape_bits\":"}, NULL, "JSON"},
    {"", "score --json tuwoqol.com", 0,
     {"\"indicator\":{\"name\":\"tuwoqol.com\"", "\"provider\":", "\"risk_score\":94"}, NULL, "JSON, listed"},
    {"", "score --json canon.com", 0,
     {"\"allowed\":{\"entry\":\"canon.com\",\"list\":\"built-in look-alikes\",\"line\":", "\"risk_score\":0", "\"verdict\":\"allowed\""}, NULL, "JSON, allowed"},
    {"", "score --json xn--mnchen-3ya.de", 0,
     {"\"unicode\":\"m\303\274nchen.de\"", "\"grammar\":false", "ordinary"}, NULL, "punycode is read"},
    {"qamopo.com\n\n  daqah.com  \r\n", "score", 0,
     {"qamopo.com", "daqah.com", "listed"}, NULL, "standard input, blank lines and blanks"},
    {"a\033[31m\n", "score", 0, {"a\\u001b[31m", "ordinary", "no registered"}, NULL, "nothing that steers a terminal"},
    {"", "score", 0, {"verdict", "", ""}, NULL, "no input, no names"},
    {"", "score --help", 0, {"usage: radome-score", "--explain", "--json"}, NULL, "help"},
    {"", "score --nonsense", 2, {NULL}, "radome-score: unknown argument '--nonsense'", "an unknown flag"},
    {"", "score --ioc", 2, {NULL}, "radome-score: --ioc needs a value: FILE", "a flag without its value"},
    {"", "score --ioc /nonexistent x.com", 2, {NULL}, "/nonexistent", "a list that is not there"},
    {"", "score --allow /nonexistent x.com", 2, {NULL}, "/nonexistent", "likewise"},
    {"", "train --help", 0, {"usage: radome-train", "--honest", "--listed"}, NULL, "help"},
    {"", "train", 2, {NULL}, "needs --honest, --popular and --listed", "no lists"},
    {"", "train --honest x --popular y --listed z more", 2, {NULL}, "unknown argument 'more'", "a word too many"},
    {"", "train --honest /nonexistent --popular y --listed z", 1, {NULL}, "/nonexistent: No such file", "no such list"},
    {"", "train --honest /dev/null --popular y --listed z", 1, {NULL}, "/dev/null: no names in it", "an empty list"},
    {"", "train --honest $W/names --popular $W/names --listed $W/names", 1,
     {NULL}, "no domain-name row", "not the indicators' CSV"},
    {"", "train --honest $W/names --popular $W/names --listed $W/csv --about 'a */ b'", 2,
     {NULL}, "must not end", "a comment's end"},
    {"", "train --honest $W/bad.gz --popular $W/names --listed $W/csv", 1,
     {NULL}, "bad.gz: cannot be read to its end", "not gzip"},
    {"", "train --honest $W/names.gz --popular $W/names --listed $W/csv --lookalikes $W/like > $W/a && "
         "head -n 20 $W/a && cat $W/like", 0,
     {"From 3 registered names and 3 popular ones, 3 different", ".vowel = {", "\ncanon.com\n"}, NULL,
     "gzip, and the look-alikes"},
    {"", "train --honest $W/names --popular $W/names --listed $W/csv --about Lists > $W/a && "
         "$P-train --honest $W/names.gz --popular $W/names --listed $W/csv --about Lists | cmp - $W/a && echo same", 0,
     {"same", "", ""}, NULL, "the same lists, the same bytes"},
};

static void put_file(const char *work, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", work, name);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL, "%s", path))
        exit(1);
    fputs(text, file);
    fclose(file);
}

static void take(const char *work, const char *name, char out[static OUT])
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", work, name);
    FILE *file = fopen(path, "r");
    size_t n = file == NULL ? 0 : fread(out, 1, OUT - 1, file);
    out[n] = '\0';
    if (file != NULL)
        fclose(file);
}

static void run_row(const struct row *row, const char *work)
{
    static char out[OUT], err[OUT];
    char command[4096];
    put_file(work, "in", row->input);
    snprintf(command, sizeof command, "{ $P-%s; } < $W/in > $W/out 2> $W/err", row->command);
    int status = system(command);
    take(work, "out", out);
    take(work, "err", err);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == row->status, "%s: status %d: %s", row->command,
          WEXITSTATUS(status), row->reason);
    CHECK((row->out[0] == NULL) == (out[0] == '\0'), "%s: standard output: %s", row->command, row->reason);
    for (unsigned i = 0; i < 3 && row->out[i] != NULL; i++)
        CHECK(strstr(out, row->out[i]) != NULL, "%s: '%s' in it: %s", row->command, row->out[i], row->reason);
    CHECK(row->err != NULL ? strstr(err, row->err) != NULL : err[0] == '\0', "%s: says '%s': %s", row->command, err,
          row->reason);
    const char *end = strchr(err, '\n');
    CHECK(row->err == NULL || (end != NULL && end[1] == '\0'), "%s: one line: %s", row->command, row->reason);
}

int main(int argc, char **argv)
{
    char program[4096], work[] = "/tmp/radome-score-XXXXXX", command[64];
    (void)argc;
    if (!CHECK(mkdtemp(work) != NULL, "%s", work))
        return check_report("test_score");
    char *slash = strrchr(argv[0], '/');
    snprintf(program, sizeof program, "%.*s/../radome", slash == NULL ? 1 : (int)(slash - argv[0]),
             slash == NULL ? "." : argv[0]);
    setenv("P", program, 1);
    setenv("W", work, 1);
    put_file(work, "names", "canon.com\t1\nexample.org\t2\nkatalog.net\n");
    put_file(work, "csv",
             "type,indicator,family,provider,description\ndomain-name,qamopo.com,ManageX,someone,server\n");
    put_file(work, "allow", "# mine\nqamopo.com\nclient 10.1.0.0/16\n192.0.2.0/24\n");
    put_file(work, "ioc", "192.0.2.7\n");
    put_file(work, "bad.gz", "not gzip at all\n");
    CHECK(system("gzip -c < $W/names > $W/names.gz") == 0, "gzip");
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i], work);
    snprintf(command, sizeof command, "rm -rf %s", work);
    CHECK(system(command) == 0, "%s is gone again", work);
    return check_report("test_score");
}
