#include "src/gateway/serve/guests.h"

#include <stdlib.h>
#include <sys/socket.h>

/* The server sees the end of the connection, and lets it go. */
static void shut(skad_guests *guests, skad_guest *guest)
{
    if (!guest->leaving) {
        guest->leaving = true;
        guests->turned_away++;
        (void)shutdown(guest->fd, SHUT_RDWR);
    }
}

/* The one that has been idle longest; NULL if all are busy. Those that leave already do not count
 * any more, nor are they chosen. */
static skad_guest *longest_idle(const skad_guests *guests, size_t *staying)
{
    skad_guest *longest = NULL;
    *staying = 0;
    for (skad_guest *guest = guests->first; guest != NULL; guest = guest->next) {
        if (guest->leaving) {
            continue;
        }
        ++*staying;
        if (guest->idle_since_us != SKAD_GUEST_EVER &&
            (longest == NULL || guest->idle_since_us <= longest->idle_since_us)) {
            longest = guest;
        }
    }
    return longest;
}

skad_guest *skad_guest_come(skad_guests *guests, int fd, uint64_t now_us)
{
    size_t staying;
    skad_guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL) {
        return NULL;
    }
    guest->fd = fd;
    guest->next = guests->first;
    if (guests->first != NULL) {
        guests->first->previous = guest;
    }
    guests->first = guest;
    guests->count++;
    skad_guest_idle(guest, now_us);
    if (guests->count > guests->max) {
        skad_guest *longest = longest_idle(guests, &staying);
        if (longest != NULL && staying > guests->max) {
            shut(guests, longest);
        }
    }
    return guest;
}

void skad_guest_go(skad_guests *guests, skad_guest *guest)
{
    if (guest->previous != NULL) {
        guest->previous->next = guest->next;
    } else {
        guests->first = guest->next;
    }
    if (guest->next != NULL) {
        guest->next->previous = guest->previous;
    }
    guests->count--;
    free(guest);
}

void skad_guest_busy(skad_guest *guest, struct skad_exchange *exchange, uint64_t deadline_us)
{
    guest->exchange = exchange;
    guest->idle_since_us = SKAD_GUEST_EVER;
    guest->deadline_us = deadline_us;
}

void skad_guest_idle(skad_guest *guest, uint64_t now_us)
{
    guest->exchange = NULL;
    guest->idle_since_us = now_us;
    guest->deadline_us = now_us + SKAD_GUEST_IDLE_US;
}

void skad_guests_tick(skad_guests *guests, uint64_t now_us)
{
    for (skad_guest *guest = guests->first; guest != NULL; guest = guest->next) {
        if (guest->deadline_us <= now_us) {
            shut(guests, guest);
        }
    }
}
