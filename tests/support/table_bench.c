#include "tests/support/table_bench.h"

int test_bench_begin(void **state)
{
    static test_bench made;
    made = (test_bench){.prng = {42}, .now_us = SKAD_US_PER_S};
    made.self = test_prng_id(&made.prng);
    *state = &made;
    const skad_peers_plan plan = {.limit = TEST_BENCH_SLOTS, .tokens = 2 * TEST_BENCH_SLOTS};
    if (skad_table_init(&made.table, &made.self, TEST_BENCH_K,
                        TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA, &plan) != SKAD_OK) {
        return -1;
    }
    skad_lifetimes_init(&made.table.peers.lifetimes, 0);
    return 0;
}

int test_bench_end(void **state)
{
    test_bench *made = *state;
    skad_table_free(&made->table);
    return 0;
}

skad_peer_slot test_bench_answer(test_bench *made, const test_somebody *who)
{
    made->now_us += SKAD_US_PER_S;
    return skad_table_answered(&made->table, &who->id, &who->address, TEST_BENCH_RTT_US,
                               made->now_us);
}

void test_bench_fail(test_bench *made, const test_somebody *who)
{
    made->now_us += SKAD_US_PER_S;
    skad_table_failed(&made->table, &who->id, &who->address, made->now_us);
}

test_somebody test_bench_meet(test_bench *made, unsigned shared)
{
    test_somebody who = {.id = test_prng_id_near(&made->prng, &made->self, shared),
                         .address = test_prng_address(++made->addresses)};
    test_bench_answer(made, &who);
    return who;
}

const skad_peer *test_bench_find(const test_bench *made, const test_somebody *who)
{
    skad_peer_slot slot = skad_peers_find(&made->table.peers, &who->id);
    return slot == SKAD_PEER_NONE ? NULL : &made->table.peers.peers[slot];
}

uint32_t test_bench_check_ms(const test_bench *made, const test_somebody *who)
{
    return made->table.peers.checks_ms[skad_peers_find(&made->table.peers, &who->id)];
}

bool test_bench_in_bucket(const test_bench *made, const test_somebody *who)
{
    const skad_peer *peer = test_bench_find(made, who);
    return peer != NULL && (peer->roles & SKAD_PEER_IN_BUCKET) != 0;
}

void test_bench_fill(test_bench *made, test_somebody members[static TEST_BENCH_K])
{
    for (unsigned i = 0; i < TEST_BENCH_SIBLINGS * SKAD_SIBLINGS_ETA; i++) {
        test_bench_meet(made, 20);
    }
    for (unsigned i = 0; i < TEST_BENCH_K; i++) {
        members[i] = test_bench_meet(made, TEST_BENCH_FAR);
    }
}
