/* The node below the driver: two of them in one process, without sockets. One joins through the
 * other and stores a value there, which it gets back.
 *
 *   cc pure_node.c $(pkg-config --cflags --libs skad) -o pure_node && ./pure_node
 *
 * A real driver sends what skad_node_poll_datagram gives over UDP; here it goes from one node to
 * the other at once. */
#include <stdio.h>
#include <string.h>

#include <skad/node.h>
#include <skad/records.h>

typedef struct peer {
    skad_node *node;
    skad_store store;
    skad_address address;
} peer;

static skad_time now = {.mono_us = 1000000, .unix_s = 1800000000};

static int begin(peer *self, uint8_t number)
{
    skad_identity identity;
    skad_node_config config = {.profile = *skad_profile_builtin("test"),
                               .identity = &identity,
                               .families = SKAD_FAMILY_IPV4};
    const skad_store_caps caps = {1000, 1 << 20, 1000, 1 << 20};
    self->address = (skad_address){SKAD_FAMILY_IPV4, .port = 4700, .ip = {127, 0, 0, number}};
    memset(config.seed, number, sizeof config.seed); /* a real one takes it from the system */
    skad_node_limits_default(&config.limits);
    if (skad_identity_generate(&config.profile, skad_profile_epoch(&config.profile, now.unix_s),
                               NULL, &identity) != SKAD_OK ||
        skad_store_memory_new(&caps, &self->store) != SKAD_OK) {
        return -1;
    }
    config.store = self->store;
    const skad_status status = skad_node_new(&config, now, &self->node);
    skad_identity_wipe(&identity);
    return status == SKAD_OK ? 0 : -1;
}

static void end(peer *self)
{
    skad_node_free(self->node);
    if (self->store.self != NULL) {
        self->store.ops->free(self->store.self);
    }
}

/* Carries datagrams until none is left. */
static void carry(peer peers[2])
{
    for (int moved = 1; moved != 0;) {
        moved = 0;
        for (int i = 0; i < 2; i++) {
            skad_datagram datagram;
            while (skad_node_poll_datagram(peers[i].node, &datagram)) {
                (void)skad_node_receive(peers[1 - i].node, datagram.bytes, datagram.len,
                                        &peers[i].address, now);
                moved = 1;
            }
        }
    }
}

/* Lets time pass until a node has an event of a kind. */
static int await(peer peers[2], int who, skad_event_kind kind, skad_event *event)
{
    for (int turn = 0; turn < 1000; turn++) {
        carry(peers);
        while (skad_node_poll_event(peers[who].node, event)) {
            if (event->kind == kind) {
                return 0;
            }
        }
        now.mono_us += 20000;
        for (int i = 0; i < 2; i++) {
            skad_node_tick(peers[i].node, now);
        }
    }
    return -1;
}

int main(void)
{
    static const uint8_t value[] = "hello";
    static skad_event event; /* large */
    static peer peers[2];
    skad_op op;
    skad_id key;
    int code = 1;
    if (begin(&peers[0], 1) == 0 && begin(&peers[1], 2) == 0 &&
        skad_node_join(peers[1].node, &peers[0].address, 1, now) == SKAD_OK &&
        await(peers, 1, SKAD_EVENT_JOINED, &event) == 0 &&
        skad_node_put(peers[1].node, value, sizeof value, now, &op, &key) == SKAD_OK &&
        await(peers, 1, SKAD_EVENT_PUT, &event) == 0 &&
        skad_node_get(peers[0].node, SKAD_RECORD_IMMUTABLE, &key, now, &op) == SKAD_OK &&
        await(peers, 0, SKAD_EVENT_GET, &event) == 0 && event.outcome == SKAD_OUTCOME_DONE) {
        printf("got: %.*s\n", (int)event.u.get.len, (const char *)event.u.get.value);
        code = 0;
    }
    end(&peers[0]);
    end(&peers[1]);
    return code;
}
