#include "src/daemon/control/tickets.h"

#include "crypto/assert.h"

void skad_tickets_add(skad_tickets *tickets, const skad_ticket *ticket)
{
    SKAD_ASSERT(tickets->count < SKAD_TICKETS_MAX);
    tickets->entries[tickets->count++] = *ticket;
}

size_t skad_tickets_find(const skad_tickets *tickets, skad_op op)
{
    size_t at = 0;
    while (at < tickets->count && tickets->entries[at].op != op) {
        at++;
    }
    return at;
}

size_t skad_tickets_find_msgid(const skad_tickets *tickets,
                               const struct skad_control_client *client, uint32_t msgid)
{
    size_t at = 0;
    while (at < tickets->count &&
           (tickets->entries[at].client != client || tickets->entries[at].msgid != msgid)) {
        at++;
    }
    return at;
}

size_t skad_tickets_find_client(const skad_tickets *tickets,
                                const struct skad_control_client *client)
{
    size_t at = 0;
    while (at < tickets->count && tickets->entries[at].client != client) {
        at++;
    }
    return at;
}

skad_ticket skad_tickets_take(skad_tickets *tickets, size_t at)
{
    SKAD_ASSERT(at < tickets->count);
    skad_ticket taken = tickets->entries[at];
    tickets->entries[at] = tickets->entries[--tickets->count];
    return taken;
}
