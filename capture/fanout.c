#include "capture/fanout.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's own hash takes ports in where it finds them: a datagram's first fragment would part from the others, and a
 * tunnel's directions from each other, whose outer source ports differ. So a program says who gets a packet, by the sum
 * of the two addresses. Its offsets begin at the network header (SKF_NET_OFF), whichever way the packet goes; the
 * outermost VLAN tag is not there any more, a second one may be. What is no IP goes to the first socket. */
struct program {
    struct sock_filter step[128];
    uint16_t count;
};

enum { TAG = 4, IPV4_STEPS = 7, IPV6_STEPS = 25, TAGGED_STEPS = 1 + 1 + IPV4_STEPS + 1 + IPV6_STEPS + 1 };

static void put(struct program *p, unsigned code, int k)
{
    p->step[p->count++] = (struct sock_filter){(uint16_t)code, 0, 0, (uint32_t)k};
}

/* What follows is for that protocol; else so many steps are left out. */
static void put_if(struct program *p, uint32_t protocol, uint8_t steps)
{
    p->step[p->count++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, steps, protocol};
}

/* The sum of `words` words from an offset on, mixed, is the answer. */
static void put_answer(struct program *p, int offset, int words)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + offset);
    for (int i = 1; i < words; i++) {
        put(p, BPF_MISC | BPF_TAX, 0);
        put(p, BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF + offset + 4 * i);
        put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
    }
    put(p, BPF_ALU | BPF_MUL | BPF_K, (int)0x9e3779b1);
    put(p, BPF_ALU | BPF_RSH | BPF_K, 16);
    put(p, BPF_RET | BPF_A, 0);
}

/* Both addresses stand side by side, 12 bytes into an IPv4 header and 8 into an IPv6 one. */
static void put_ip(struct program *p, int base)
{
    put_if(p, ETH_P_IP, IPV4_STEPS);
    put_answer(p, base + 12, 2);
    put_if(p, ETH_P_IPV6, IPV6_STEPS);
    put_answer(p, base + 8, 8);
}

static void put_tagged(struct program *p, uint32_t protocol)
{
    put_if(p, protocol, TAGGED_STEPS);
    put(p, BPF_LD | BPF_H | BPF_ABS, SKF_NET_OFF + 2);
    put_ip(p, TAG);
    put(p, BPF_RET | BPF_K, 0);
}

static void put_all(struct program *p)
{
    put(p, BPF_LD | BPF_H | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL);
    put_ip(p, 0);
    put_tagged(p, ETH_P_8021Q);
    put_tagged(p, ETH_P_8021AD);
    put(p, BPF_RET | BPF_K, 0);
}

static bool join(int socket, uint32_t id, uint32_t flags)
{
    uint32_t how = id | (PACKET_FANOUT_CBPF | flags) << 16;
    return setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &how, sizeof how) == 0;
}

static bool begin(int socket, uint16_t *group)
{
    struct program program = {.count = 0};
    put_all(&program);
    struct sock_fprog filter = {program.count, program.step};
    uint32_t is = 0;
    socklen_t len = sizeof is;
    if (!join(socket, 0, PACKET_FANOUT_FLAG_UNIQUEID) || getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &is, &len) != 0)
        return false;
    *group = (uint16_t)is;
    return setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &filter, sizeof filter) == 0;
}

bool fanout_join(int socket, uint16_t *group, char err[static ERRLEN])
{
    if (*group == 0 ? begin(socket, group) : join(socket, *group, 0))
        return true;
    error_set(err, "its packets cannot be shared between workers: %s; -j 1 needs no sharing", strerror(errno));
    return false;
}
