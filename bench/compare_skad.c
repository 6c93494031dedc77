/* skad's side: whole daemons of the test network, a thread with a loop of its own for each, asked
 * over their control sockets as programs ask a daemon. They have no workers, as one processor for
 * each of so many nodes would have none, and their records in memory, as OpenDHT's nodes have. */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ev.h>

#include "bench/compare_side.h"
#include "bench/measure.h"
#include "proto/address.h"
#include "src/cli/client/client.h"
#include "src/core/routing/distance.h"
#include "src/daemon/app/daemon.h"
#include "src/host/state/data_directory.h"
#include "src/host/system/clock.h"
#include "tests/support/daemon_process.h"

#define DESCRIPTORS_A_NODE 16
#define JOIN_S             30 /* until all nodes have joined */
#define ANSWER_S           61 /* no operation takes longer */
#define POLL_US            20000
#define RECORD_LIFE_S      3600

typedef struct member {
    struct ev_loop *loop;
    skad_daemon *daemon;
    skad_client client;
    skad_id id;
    skad_id public_key;
} member;

static member members[COMPARE_NODES];
static char dir[] = "/tmp/skad-compare-XXXXXX";
static atomic_size_t joined_count;

static bool complain(const skad_failure *failure)
{
    (void)fprintf(stderr, "bench_compare: skad: %s\n", failure->text);
    return false;
}

/* ---- Starting ---- */

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    (void)user;
    const skad_profile *profile = skad_profile_builtin("test");
    const skad_solve_options options = {.threads = 1, .stop = stop};
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    skad_status status = skad_identity_generate(profile, epoch, &options, out);
    return status == SKAD_OK || skad_fail(failure, "no identity: %s", skad_status_text(status));
}

static void on_joined(void *user)
{
    (void)user;
    joined_count++;
}

static bool make_daemon(size_t i, skad_failure *failure)
{
    static const skad_address LISTEN = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 0, 1}};
    member *self = &members[i];
    skad_data_directory directory;
    skad_join_point first = {.port = 0};
    if (!skad_data_directory_init_member(dir, i, &directory, failure)) {
        return false;
    }
    if (i > 0) {
        first.address = *skad_daemon_address(members[0].daemon);
    }
    self->loop = ev_loop_new(EVFLAG_AUTO);
    const skad_daemon_config config = {
        .loop = self->loop,
        .profile = skad_profile_builtin("test"),
        .identify = identify,
        .control_path = directory.control,
        .listen = &LISTEN,
        .listen_count = 1,
        .join = &first,
        .join_count = i > 0 ? 1 : 0,
        .log = skad_log_stderr(SKAD_LOG_ERROR),
        .joined = on_joined,
    };
    if (self->loop == NULL) {
        return skad_fail(failure, "out of memory");
    }
    return skad_daemon_new(&config, &self->daemon, failure);
}

static void *run_loop(void *user)
{
    member *self = user;
    ev_run(self->loop, 0);
    return NULL;
}

static bool call(member *self, skad_control_request *request, skad_answer *result)
{
    skad_failure failure;
    return skad_client_call(&self->client, request, result, &failure) == SKAD_EXIT_DONE;
}

static bool read_id(skad_answer map, const char *key, skad_id *out)
{
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_answer_text(skad_answer_get(map, key), text);
    return skad_id_parse(text, out);
}

static bool open_client(size_t i, skad_failure *failure)
{
    static skad_options options = {.timeout_s = ANSWER_S};
    skad_control_request request = {.method = SKAD_CONTROL_STATUS};
    skad_answer status;
    member *self = &members[i];
    (void)snprintf(options.socket, sizeof options.socket, "%s/node-%zu.sock", dir, i);
    return skad_client_open(&options, &self->client, failure) == SKAD_EXIT_DONE &&
           ((call(self, &request, &status) && read_id(status, "id", &self->id) &&
             read_id(status, "public_key", &self->public_key)) ||
            skad_fail(failure, "a daemon does not tell its status"));
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    rlim_t wanted = 64 + COMPARE_NODES * DESCRIPTORS_A_NODE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool start(void)
{
    skad_failure failure;
    raise_descriptors();
    if (mkdtemp(dir) == NULL) {
        (void)skad_fail(&failure, "no temporary folder");
        return complain(&failure);
    }
    for (size_t i = 0; i < COMPARE_NODES; i++) {
        if (!make_daemon(i, &failure)) {
            return complain(&failure);
        }
    }
    const skad_join_point second = {.address = *skad_daemon_address(members[1].daemon)};
    if (!skad_daemon_join(members[0].daemon, &second, 1, &failure)) {
        return complain(&failure);
    }
    for (size_t i = 0; i < COMPARE_NODES; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_loop, &members[i]) != 0 ||
            !open_client(i, &failure)) {
            return complain(&failure);
        }
    }
    const double end_s = bench_wall_s() + JOIN_S;
    while (joined_count < COMPARE_NODES && bench_wall_s() < end_s) {
        usleep(POLL_US);
    }
    return joined_count >= COMPARE_NODES;
}

/* ---- Acting ---- */

static void make_request(const compare_task *task, skad_control_request *out)
{
    static const skad_control_method METHODS[COMPARE_ACTS] = {
        SKAD_CONTROL_PUT, SKAD_CONTROL_GET, SKAD_CONTROL_PUBLISH, SKAD_CONTROL_RESOLVE};
    *out = (skad_control_request){
        .method = METHODS[task->act],
        .value = {task->value, sizeof task->value},
        .salt = {(const uint8_t *)&task->number, sizeof task->number},
        .sequence = 1,
        .life_s = RECORD_LIFE_S,
    };
    memcpy(out->id.bytes, task->key, sizeof out->id.bytes);
}

/* What a get found: the value that was put, and whether the node had it itself. */
static compare_outcome judge(const compare_task *task, const member *self, skad_answer result)
{
    skad_id holder;
    skad_span value = skad_answer_bytes(result, "value");
    if (value.len != sizeof task->value || memcmp(value.data, task->value, value.len) != 0 ||
        !read_id(result, "holder", &holder)) {
        return COMPARE_FAILED;
    }
    bool local = task->act == COMPARE_GET && skad_id_equal(&holder, &self->id);
    return local ? COMPARE_LOCAL : COMPARE_DONE;
}

static void act(const compare_task *task, compare_result *out)
{
    member *self = &members[task->node];
    skad_control_request request;
    skad_answer result;
    skad_id key = self->public_key; /* of what is published */
    make_request(task, &request);
    double start_s = bench_wall_s();
    bool done = call(self, &request, &result);
    out->ms = (bench_wall_s() - start_s) * 1e3;
    if (done && (task->act == COMPARE_GET || task->act == COMPARE_RESOLVE)) {
        out->outcome = judge(task, self, result);
    } else {
        done = done && (task->act != COMPARE_PUT || read_id(result, "key", &key));
        out->outcome = done ? COMPARE_DONE : COMPARE_FAILED;
    }
    memcpy(out->key, key.bytes, sizeof out->key);
}

static void count(compare_counts *out)
{
    static const char *const REQUESTS[] = {"ping",  "find_node", "find_value",
                                           "store", "announce",  "sync"};
    *out = (compare_counts){.datagrams = 0};
    for (size_t i = 0; i < COMPARE_NODES; i++) {
        skad_control_request request = {.method = SKAD_CONTROL_STATUS};
        skad_answer status;
        if (!call(&members[i], &request, &status)) {
            continue;
        }
        skad_answer requests = skad_answer_get(status, "requests");
        for (size_t kind = 0; kind < sizeof REQUESTS / sizeof REQUESTS[0]; kind++) {
            out->requests += skad_answer_uint(requests, REQUESTS[kind]);
        }
        out->datagrams += skad_answer_uint(status, "sent");
        out->signatures += skad_answer_uint(status, "signatures");
        out->verifications += skad_answer_uint(status, "verifications");
    }
}

static void stop(void)
{
    daemon_remove_dir(dir);
}

const compare_side compare_skad = {
    .name = "skad", .start = start, .act = act, .count = count, .stop = stop};
