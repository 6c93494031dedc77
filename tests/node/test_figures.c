/* The figures that documents promise, written out once more: a change in the code must not pass
 * unseen. Each names its document. Those of the wire are in tests/proto/test_limits.c, and that a
 * figure does what it says is shown by the test of its module. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/control.h"
#include "proto/peer_file.h"
#include "proto/profile.h"
#include "skad/node.h"
#include "skad/records.h"
#include "src/core/lookup/lookup.h"
#include "src/core/node/parts.h"
#include "src/core/operations/replicate.h"
#include "src/core/routing/rtt.h"
#include "src/core/storage/key_places.h"
#include "src/core/storage/store_admission.h"
#include "src/core/storage/store_shares.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/control_files.h"
#include "src/daemon/control/pending_calls.h"
#include "src/host/net/peer_sockets.h"
#include "src/host/net/udp_endpoints.h"
#include "src/host/net/workers.h"
#include "src/host/state/profile_file.h"

typedef struct figure {
    const char *label;
    uint64_t is;
    uint64_t documented;
} figure;

static void compare(const figure *figures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (figures[i].is != figures[i].documented) {
            fail_msg("%s: %llu, documented %llu", figures[i].label,
                     (unsigned long long)figures[i].is, (unsigned long long)figures[i].documented);
        }
    }
}

#define COMPARE(figures) compare(figures, sizeof(figures) / sizeof(figures)[0])

/* docs/limits.md, "What gives way". */
static void caps_of_the_node_are_the_documented_ones(void **state)
{
    (void)state;
    static const figure figures[] = {
        {"requests of a lookup", SKAD_LOOKUP_RPCS_MAX, 384},
        {"peers that fell silent", SKAD_LOST_MAX, 8},
        {"store retries", SKAD_STORE_RETRIES_MAX, 16},
        {"pinged candidates", SKAD_PING_QUEUE_IN_FLIGHT_MAX, 24},
        {"newcomers that wait for a handover", SKAD_NEWCOMERS_MAX, 16},
        {"announcements in a get", SKAD_PROVIDERS_MAX, 64},
        {"peer sockets", SKAD_PEER_SOCKETS_MAX, 32},
        {"share of a publisher, one part of", SKAD_SHARE_PUBLISHER, 64},
        {"share of an address group, one part of", SKAD_SHARE_GROUP, 16},
        {"announcements of a key", SKAD_KEY_PLACES_MAX, 256},
        {"bans", SKAD_BANS_MAX, 256},
        {"batch roots", SKAD_ROOTS_MAX, 64},
        {"siblings", SKAD_SIBLINGS_MAX, 80},
    };
    COMPARE(figures);
}

/* PROTOCOL.md, "Lookups" and "RPCs", and docs/core. */
static void behaviour_towards_others_is_the_documented_one(void **state)
{
    (void)state;
    static const figure figures[] = {
        {"nodes of a dense neighbourhood", SKAD_REGION_WANTED, 48},
        {"answers that break duties", SKAD_TABLE_VIOLATIONS_MAX, 3},
        {"first timeout, ms", SKAD_RTO_INITIAL_US / SKAD_US_PER_MS, 1000},
        {"least timeout, ms", SKAD_RTO_MIN_US / SKAD_US_PER_MS, 25},
        {"hard timeout at least, ms", SKAD_RTO_HARD_MIN_US / SKAD_US_PER_MS, 1000},
        {"most timeout, ms", SKAD_RTO_MAX_US / SKAD_US_PER_MS, 2000},
        {"lives to a record's expiry", SKAD_EXPIRY_LIVES_MAX, 2},
        {"copies left after a get", SKAD_REPLICAS_LEFT_MAX, 4},
        {"between pings of candidates, ms", SKAD_PING_QUEUE_INTERVAL_US / SKAD_US_PER_MS, 20},
        {"senders of a handover", SKAD_HANDOVER_SENDERS, 3},
        {"isolated after, s", SKAD_ISOLATION_US / SKAD_US_PER_S, 300},
        {"peers kept in the file", SKAD_PEER_FILE_CONTACTS_MAX, 256},
    };
    COMPARE(figures);
}

/* docs/control.md and docs/cli.md. */
static void bounds_of_the_daemon_are_the_documented_ones(void **state)
{
    (void)state;
    static const figure figures[] = {
        {"bytes of a request", SKAD_CONTROL_REQUEST_BYTES_MAX, 4096},
        {"bytes of answers", SKAD_CONTROL_RESPONSE_BYTES_MAX, 1048576},
        {"clients", SKAD_CONTROL_CLIENTS_MAX, 64},
        {"operations of a client", SKAD_CONTROL_CLIENT_OPERATIONS_MAX, 64},
        {"watches of a client", SKAD_CONTROL_CLIENT_WATCHES_MAX, 64},
        {"operations or watches of all", SKAD_PENDING_CALLS_MAX, 1024},
        {"subscriptions of a client", SKAD_CONTROL_CLIENT_SUBSCRIPTIONS_MAX, 8},
        {"subscriptions of all", SKAD_CONTROL_SUBSCRIPTIONS_MAX, 128},
        {"files of a client", SKAD_CONTROL_CLIENT_FILES_MAX, 4},
        {"files of all", SKAD_CONTROL_FILES_MAX, 8},
        {"operations of files", SKAD_CONTROL_FILE_OPERATIONS, 96},
        {"bytes of a chunk", SKAD_CONTROL_CHUNK_BYTES_MAX, 4000},
        {"bytes of a window", SKAD_CONTROL_FILE_WINDOW, 65536},
        {"pieces ahead", SKAD_CONTROL_FILE_AHEAD, 128},
        {"batches of a client", SKAD_CONTROL_CLIENT_BATCHES_MAX, 4},
        {"requests of a batch", SKAD_CONTROL_BATCH_MAX, 32},
        {"publishes that choose their sequence", SKAD_CONTROL_PUBLISHES_MAX, 256},
        {"records of a page", SKAD_CONTROL_LIST_DEFAULT, 256},
        {"records of a page at most", SKAD_CONTROL_LIST_MAX, 1024},
        {"seconds between gets of a watch", SKAD_CONTROL_EVERY_S_DEFAULT, 60},
        {"at least", SKAD_WATCH_S_MIN, 5},
        {"port", SKAD_PORT_DEFAULT, 4700},
        {"workers", SKAD_WORKERS_MAX, 64},
        {"workers by default", SKAD_WORKERS_DEFAULT_MAX, 8},
        {"bytes of a profile file", SKAD_PROFILE_FILE_BYTES_MAX, 65536},
    };
    COMPARE(figures);
}

/* docs/limits.md, "Parameters". */
static void profiles_are_the_documented_ones(void **state)
{
    (void)state;
    const skad_profile *public = skad_profile_builtin("public");
    const skad_profile *test = skad_profile_builtin("test");
    const figure figures[] = {
        {"c1", public->static_bits, 20},
        {"c2", public->dynamic_bits, 22},
        {"memory", public->memory_kib, 256},
        {"memory of test", test->memory_kib, 8},
        {"c1 of test", test->static_bits, 4},
        {"c2 of test", test->dynamic_bits, 6},
        {"of a group in a bucket", public->group_bucket_max, 2},
        {"of a group in the table", public->group_table_max, 10},
        {"of a group on a path", public->group_path_max, 2},
        {"of a group in a bucket of test", test->group_bucket_max, 0},
        {"of a group in the table of test", test->group_table_max, 0},
        {"of a group on a path of test", test->group_path_max, 0},
        {"private addresses", public->allow_private, 0},
        {"private addresses of test", test->allow_private, 1},
        {"rates", public->limit_rates, 1},
        {"rates of test", test->limit_rates, 0},
    };
    COMPARE(figures);
    const skad_profile *both[] = {public, test};
    for (size_t i = 0; i < 2; i++) {
        const figure common[] = {
            {"epoch", both[i]->epoch_s, 14 * 86400},
            {"k", both[i]->k, 16},
            {"s", both[i]->siblings, 16},
            {"d", both[i]->paths, 4},
            {"alpha", both[i]->alpha, 1},
            {"record life", both[i]->record_life_s, 86400},
        };
        COMPARE(common);
    }
}

/* Those of skad/node.h, which docs/limits.md refers to, and the rates of public networks. */
static void defaults_of_a_node_are_the_usual_ones(void **state)
{
    (void)state;
    static const uint32_t unvalidated[3][2] = {{20, 40}, {100, 200}, {500, 1000}};
    static const uint32_t validated[3][2] = {{500, 1000}, {1000, 2000}, {4000, 8000}};
    skad_node_limits limits;
    skad_node_rates rates;
    skad_node_limits_default(&limits);
    skad_node_rates_default(skad_profile_builtin("public"), &rates);
    const figure figures[] = {
        {"peers", limits.peers, 1024},
        {"pending requests", limits.pending, 2048},
        {"operations", limits.operations, 128},
        {"outbox", limits.outbox, 1024},
        {"events", limits.events, 64},
        {"duplicates", limits.duplicates, 8192},
        {"watches", limits.watches, 256},
        {"tokens", limits.tokens, 2048},
        {"roots", limits.roots, 64},
        {"unvalidated, all, a second", rates.unvalidated_all.per_s, 1000},
        {"unvalidated, all, at once", rates.unvalidated_all.burst, 500},
        {"validated, all, a second", rates.validated_all.per_s, 6000},
        {"validated, all, at once", rates.validated_all.burst, 3000},
        {"bytes of answers a second", rates.answer_bytes.per_s, 8388608},
        {"bytes of answers at once", rates.answer_bytes.burst, 8388608},
        {"cells", rates.cells, 8192},
    };
    COMPARE(figures);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rates.unvalidated[i].per_s, unvalidated[i][0]);
        assert_int_equal(rates.unvalidated[i].burst, unvalidated[i][1]);
        assert_int_equal(rates.validated[i].per_s, validated[i][0]);
        assert_int_equal(rates.validated[i].burst, validated[i][1]);
        assert_int_equal(rates.modest[i].per_s, unvalidated[i][0]);
        assert_int_equal(rates.modest[i].burst, unvalidated[i][1]);
    }
    skad_node_rates_default(skad_profile_builtin("test"), &rates);
    assert_int_equal(rates.cells + rates.validated_all.per_s + rates.answer_bytes.per_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caps_of_the_node_are_the_documented_ones),
        cmocka_unit_test(behaviour_towards_others_is_the_documented_one),
        cmocka_unit_test(bounds_of_the_daemon_are_the_documented_ones),
        cmocka_unit_test(profiles_are_the_documented_ones),
        cmocka_unit_test(defaults_of_a_node_are_the_usual_ones),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
