#include "classifiers/stub.h"

const uint8_t stub_bytes[STUBS][STUB_BYTES] = {
    "MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$\0\0\0\0\0\0",
    "MZ\x50\0\2\0\0\0\4\0\x0f\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\x1a\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\xba\x10\0\x0e\x1f\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21\x90\x90This program must be run under Win32\r\n$7\0\0\0\0\0\0\0",
};
