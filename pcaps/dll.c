/* The harmless program that the captures carry: it adds up bytes. PART makes several different ones of it. */
#include <windows.h>

static const char *const text[] = {"nothing happens here", "a stand-in for a part of an adware program",
                                   "it adds up bytes and does nothing else"};

__declspec(dllexport) unsigned part_number(void)
{
    return PART;
}

__declspec(dllexport) const char *part_text(unsigned i)
{
    return text[i % 3];
}

__declspec(dllexport) unsigned long part_sum(const unsigned char *p, unsigned long n)
{
    unsigned long sum = PART * 2654435761u;
    while (n-- > 0)
        sum = sum * 33 + *p++;
    return sum;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
