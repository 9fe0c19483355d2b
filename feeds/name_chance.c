#include "feeds/name_chance.h"

#include <math.h>

/* Measured on 782,000 honest names drawn by Zipf's law, those on the list of look-alikes left out: of 4,000
 * different names three in ten thousand fit the family's grammar well enough to count, of 300,000 seven and a half,
 * because the share of the little known grows; each brings seven bits. Two standard deviations above the mean are
 * left to chance. */
float name_chance_bits(double asked)
{
    const double share = 3e-4, measured_at = 4000, growth = 0.25, bits = 7, deviations = 2;
    if (asked <= NAME_CHANCE_HOST)
        return 0;
    double expected = share * pow(asked / measured_at, growth) * (asked - NAME_CHANCE_HOST);
    return (float)(bits * (expected + deviations * sqrt(expected)));
}
