/* A small program under each disguise that the sensor looks through, for the self-test: the same bytes in every run. */
#pragma once

#include "capture/slice.h"

enum disguise {
    DISGUISE_XOR, DISGUISE_SKIP_ZERO, DISGUISE_ROLLING, DISGUISE_TABLE, /* ciphers */
    DISGUISE_BASE64, DISGUISE_HEX, DISGUISE_GZIP,                       /* codings around DISGUISE_XOR */
    DISGUISE_FIRST_HALF, DISGUISE_SECOND_HALF                           /* of it as it is */
};

enum { DISGUISE_MOST = 12288 };

/* Returns the length. An EXE or a DLL. */
size_t disguise_make(uint8_t out[static DISGUISE_MOST], enum disguise, bool dll);

/* Of the DLL itself, in hex. */
#define DISGUISE_DLL_SHA256 "82fe2014f362d1a9516a274f589ded38c43e2703b0827c812ec609a577c500cc"
