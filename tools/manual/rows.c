/* For the build alone: the keys of the sensor's configuration file, out of the table of its settings, a line each:
 * name, argument, help and what values it takes, parted by tabs. */
#include <stdio.h>

#include "feeds/options.h"

/* A size as one would write it. */
static void put_size(uint64_t bytes)
{
    const char *unit = "KMGT";
    char name[2] = "";
    for (; *unit != '\0' && bytes > 0 && bytes % 1024 == 0; bytes /= 1024)
        name[0] = *unit++;
    printf("%llu%s", (unsigned long long)bytes, name);
}

static void put_values(const struct setting *row)
{
    switch (row->kind) {
    case SETTING_FLAG:
    case SETTING_TEXT:
    case SETTING_WORD:
        break;
    case SETTING_LIST:
        fputs("May be given more than once.", stdout);
        break;
    case SETTING_NUMBER:
        printf("From %llu to %llu.", (unsigned long long)row->least, (unsigned long long)row->most);
        break;
    case SETTING_SIZE:
        fputs("Bytes, or with K, M, G: from ", stdout);
        put_size(row->least);
        fputs(" to ", stdout);
        put_size(row->most);
        fputs(".", stdout);
        break;
    }
    if (row->live)
        fputs(" A running sensor takes a new value at SIGHUP.", stdout);
}

int main(void)
{
    struct options options;
    struct settings settings;
    options_open(&options, &settings);
    for (unsigned i = 0; i < settings.count; i++) {
        const struct setting *row = &settings.table[i];
        if (row->flag_only)
            continue;
        printf("%s\t%s\t%s\t", row->name, row->kind == SETTING_FLAG ? "yes|no" : row->argument, row->help);
        put_values(row);
        putchar('\n');
    }
    settings_free(&settings);
    return fflush(stdout) == 0 ? 0 : 1;
}
