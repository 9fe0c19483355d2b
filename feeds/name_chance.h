/* What chance alone brings to a client that asks for very many names: a resolver, a proxy, a gateway. */
#pragma once

/* Up to so many different names within the evidence window two that fit are taken as they are. */
enum { NAME_CHANCE_HOST = 1500 };

/* The bits that suspicious names of honest people may well add up to for a client that asked for `asked` different
 * names: taken off the sum of its HIT_DOMAIN bits, which does not go below 0. Zero up to NAME_CHANCE_HOST; where it
 * is not, the incident says aggregator. */
float name_chance_bits(double asked);
