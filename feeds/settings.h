/* Settings from one table of rows: the command line, the configuration file (INI) and the help are read from it, and from
 * the help the man page and the completions (tools/manual/).
 * Flags win over the file; within either, a repeated list adds. The only file that names inih. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/error.h"

enum setting_kind {
    SETTING_FLAG,   /* bool */
    SETTING_TEXT,   /* const char * */
    SETTING_WORD,   /* int: the place of the value in the row's words */
    SETTING_LIST,   /* struct setting_list */
    SETTING_NUMBER, /* uint64_t, within least and most */
    SETTING_SIZE    /* uint64_t bytes: 64K, 256M, 2G */
};

enum { SETTING_LIST_MAX = 64 };

struct setting_list {
    const char *value[SETTING_LIST_MAX + 1]; /* NULL-terminated */
    unsigned count;
    unsigned line[SETTING_LIST_MAX];         /* of the file each came from */
};

struct setting {
    const char *name;         /* --name, and the file's key */
    char letter;              /* -x; 0: none */
    enum setting_kind kind;
    size_t field;             /* offset in the struct that holds the values */
    const char *argument;     /* how help calls the value; for SETTING_WORD the words, parted by | */
    const char *help;
    uint64_t least, most;     /* of a number or size */
    bool flag_only;           /* no key in the file */
    bool live;                /* a running sensor takes a new value; others count from the next start */
};

enum setting_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_FLAG };

struct settings {
    const struct setting *table;
    unsigned count;
    void *values;
    const char *operand;      /* what an argument that is no flag is, FILE; NULL: there are none */
    char **operands;          /* those given, in argv */
    unsigned operand_count;
    enum setting_origin origin[64];
    unsigned line[64];        /* of the file, where a row came from it last */
    const char *path;         /* of that file; borrowed */
    int argc;                 /* the command line that was read, to read it again */
    char **argv;
    char **owned;             /* texts out of files */
    unsigned owned_count;
};

/* Reads the command line into values; operands, "-" and all behind "--" among them, move to its front. False: one sentence
 * that says which argument and what to do. */
bool settings_flags(struct settings *, int argc, char **argv, char err[static ERRLEN]);

/* Reads a file of `key = value` lines for what no flag set. False: a sentence with file and line. */
bool settings_file(struct settings *, const char *path, char err[static ERRLEN]);

/* Settings of one table read a second time: the names of those that differ and are not live, parted by commas, cut to fit.
 * False: none. */
bool settings_differ(const struct settings *, const struct settings *again, char names[static ERRLEN]);
void settings_free(struct settings *);

void settings_help(const struct settings *, FILE *);

/* Every setting in force, a line each, a list's values too; with where it came from: "(file /etc/radome.conf:12)". */
void settings_print(const struct settings *, bool with_origin, FILE *);
