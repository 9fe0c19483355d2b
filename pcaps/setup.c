/* An honest installer's stand-in: a program in plain bytes. */
#include <stdio.h>

int main(void)
{
    puts("nothing to install");
    return 0;
}
