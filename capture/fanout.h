/* Several packet sockets on one interface share its packets (packet(7), PACKET_FANOUT): both directions of an address pair
 * come to the same one, with their fragments, tagged or not. What is in a tunnel goes by the tunnel's ends. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

/* *group 0: a new group, whose number it becomes; else that group. The n-th to join gets what the n-th of any other group
 * does. Before joining a socket gets everything. False: a sentence without the interface's name. */
bool fanout_join(int socket, uint16_t *group, char err[static ERRLEN]);
