/* Many daemons on one loop. Node 0 joins through node 1, all others through node 0. */
#include "src/daemon/app/testnet.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <ev.h>

#include "proto/address.h"
#include "src/daemon/app/daemon.h"
#include "src/daemon/system/log_thread.h"
#include "src/daemon/system/signals.h"
#include "src/host/state/data_directory.h"
#include "src/host/state/identity_cost.h"
#include "src/host/system/clock.h"

#define DESCRIPTORS_A_NODE   (2 + DESCRIPTORS_A_STORE + SKAD_TESTNET_CLIENTS)
#define DESCRIPTORS_A_STORE  3
#define SKAD_TESTNET_CLIENTS 2

typedef struct testnet testnet;

typedef struct member {
    testnet *net;
    const skad_data_directory *directory; /* while it starts */
    skad_daemon *daemon;
    bool joined;
} member;

struct testnet {
    const skad_testnet_config *config;
    struct ev_loop *loop;
    const atomic_bool *stop;
    member members[SKAD_TESTNET_NODES_MAX];
    size_t joined_count;
};

static void on_joined(void *user)
{
    member *self = user;
    testnet *net = self->net;
    if (!self->joined) {
        self->joined = true;
        net->joined_count++;
        if (net->joined_count == net->config->nodes) {
            net->config->ready(net->config->user);
        }
    }
}

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    const member *self = user;
    const skad_profile *profile = self->net->config->profile;
    const skad_solve_options options = {.threads = 1, .stop = stop};
    bool made = false;
    if (self->net->config->keep) {
        return skad_data_directory_identity(self->directory, profile, &options, out, &made,
                                            failure);
    }
    if (!skad_identity_cost_check(profile, SKAD_IDENTITY_COST_US_MAX, failure)) {
        return false;
    }
    uint32_t epoch = skad_profile_epoch(profile, skad_clock_now().unix_s);
    skad_status status = skad_identity_generate(profile, epoch, &options, out);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot make an identity: %s", skad_status_text(status));
}

static bool start_member(testnet *net, size_t i, skad_failure *failure)
{
    member *self = &net->members[i];
    uint16_t base = net->config->base_port;
    const skad_address listen = {
        .family = SKAD_FAMILY_IPV4,
        .port = base == 0 ? 0 : (uint16_t)(base + i),
        .ip = {127, 0, 0, 1},
    };
    skad_data_directory directory;
    *self = (member){.net = net, .directory = &directory};
    if (!skad_data_directory_init_member(net->config->dir, i, &directory, failure)) {
        return false;
    }
    skad_join_point first = {.port = 0};
    if (i > 0) {
        first.address = *skad_daemon_address(net->members[0].daemon);
    }
    const skad_daemon_config config = {
        .loop = net->loop,
        .profile = net->config->profile,
        .identify = identify,
        .stop = net->stop,
        .identity_path = net->config->keep ? directory.identity : NULL,
        .peers_path = net->config->keep ? directory.peers : NULL,
        .records_path = net->config->keep ? directory.records : NULL,
        .control_path = directory.control,
        .listen = &listen,
        .listen_count = 1,
        .join = &first,
        .join_count = i > 0 ? 1 : 0,
        .log = skad_log_stderr(SKAD_LOG_WARNING),
        .joined = on_joined,
        .user = self,
    };
    bool ok = skad_daemon_new(&config, &self->daemon, failure);
    self->directory = NULL;
    if (ok) {
        char address[SKAD_ADDRESS_TEXT_BYTES];
        skad_address_format(skad_daemon_address(self->daemon), address);
        net->config->node(net->config->user, address, directory.control);
    }
    return ok;
}

static bool start_members(testnet *net, skad_failure *failure)
{
    for (size_t i = 0; i < net->config->nodes; i++) {
        if (!start_member(net, i, failure)) {
            return false;
        }
    }
    const skad_join_point second = {.address = *skad_daemon_address(net->members[1].daemon)};
    return skad_daemon_join(net->members[0].daemon, &second, 1, failure);
}

/* Raises the limit of descriptors: the largest testnets need more than a shell's usual 1024. */
static void raise_descriptors(size_t nodes)
{
    struct rlimit limit;
    rlim_t wanted = 64 + nodes * DESCRIPTORS_A_NODE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool skad_testnet_run(const skad_testnet_config *config, skad_failure *failure)
{
    skad_signals signals;
    testnet *net = calloc(1, sizeof *net);
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    if (net == NULL || loop == NULL) {
        free(net);
        if (loop != NULL) {
            ev_loop_destroy(loop);
        }
        return skad_fail(failure, "out of memory");
    }
    raise_descriptors(config->nodes);
    net->config = config;
    net->loop = loop;
    skad_signals_start(&signals, loop);
    net->stop = &signals.stop;
    bool ok = start_members(net, failure);
    if (ok) {
        (void)skad_log_thread_start();
        ev_run(loop, 0);
    }
    for (size_t i = 0; i < config->nodes; i++) {
        skad_daemon_free(net->members[i].daemon);
    }
    ok = ok || skad_signals_ended_by(&signals) != 0;
    skad_signals_stop(&signals);
    ev_loop_destroy(loop);
    skad_log_thread_stop();
    free(net);
    return ok;
}
