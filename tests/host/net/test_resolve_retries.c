/* Names that do not resolve: how often they are looked up again, that one lookup of each runs at a
 * time, and that none waits for another. The timers go off when the test says so, and names are
 * what it says they are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/system/log.h"
#include "src/host/net/resolve.h"
#include "tests/support/log_lines.h"
#include "tests/support/manual_timers.h"
#include "tests/support/turns.h"

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
void __wrap_freeaddrinfo(struct addrinfo *list);

static atomic_uint lookups; /* of names, in threads */
static atomic_bool known;   /* whether names resolve: to 127.0.0.1 */

/* A name that begins with "slow" is not answered until then. */
static pthread_mutex_t slow_lock = PTHREAD_MUTEX_INITIALIZER;

/* Names that begin with "many" have more addresses than a node takes. */
#define MANY       40
#define MANY_BEGIN 0x7f000100U

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    (void)hints;
    atomic_fetch_add(&lookups, 1);
    if (strncmp(host, "slow", 4) == 0) {
        pthread_mutex_lock(&slow_lock);
        pthread_mutex_unlock(&slow_lock);
    }
    if (!atomic_load(&known)) {
        return EAI_NONAME;
    }
    const bool many = strncmp(host, "many", 4) == 0;
    *out = NULL;
    for (uint32_t i = 0; i < (many ? MANY : 1); i++) {
        struct addrinfo *one = calloc(1, sizeof *one);
        struct sockaddr_in *address = calloc(1, sizeof *address);
        address->sin_family = AF_INET;
        address->sin_port = htons((uint16_t)atoi(service));
        address->sin_addr.s_addr = htonl(many ? MANY_BEGIN + i : INADDR_LOOPBACK);
        one->ai_addr = (struct sockaddr *)address;
        one->ai_next = *out;
        *out = one;
    }
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

static bool no_threads;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

typedef struct desk {
    skad_loop *loop;
    skad_resolver *resolver;
    unsigned found;
    skad_address last; /* the first of them */
    skad_address all[SKAD_JOIN_POINTS_MAX];
    size_t count;
    test_log log;
} desk;

static void on_found(void *user, const skad_address *addresses, size_t count)
{
    desk *self = user;
    assert_in_range(count, 1, sizeof self->all / sizeof self->all[0]);
    self->last = addresses[0];
    memcpy(self->all, addresses, count * sizeof *addresses);
    self->count = count;
    self->found++;
}

static int set_up(void **state)
{
    static desk made;
    static skad_join_point place;
    skad_failure failure;
    made = (desk){.loop = test_loop_new()};
    atomic_store(&lookups, 0);
    atomic_store(&known, false);
    no_threads = false;
    assert_true(skad_join_point_parse("node.example.org:4700", &place, &failure));
    const skad_resolver_config config = {
        .loop = made.loop,
        .places = &place,
        .places_count = 1,
        .families = SKAD_FAMILIES_ALL,
        .allow_private = true,
        .log = skad_log_stderr(SKAD_LOG_INFO),
        .found = on_found,
        .user = &made,
    };
    *state = &made;
    return skad_resolver_new(&config, &made.resolver) == SKAD_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    desk *self = *state;
    skad_resolver_free(self->resolver);
    skad_loop_free(self->loop);
    return test_timers_running() == 0 ? 0 : -1;
}

/* Waits for the lookup that runs, and reads along what is logged. */
static void settle(desk *self)
{
    test_log_begin(&self->log);
    test_loop_run(self->loop); /* ends with the thread: the loop has no timers */
    test_log_end(&self->log);
}

static void lookups_that_fail_are_repeated_ever_less_often(void **state)
{
    desk *self = *state;
    static const unsigned pauses_s[] = {2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    skad_resolver_start(self->resolver);
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        settle(self);
        assert_int_equal(atomic_load(&lookups), i + 1);
        assert_int_equal(test_log_count(&self->log, ""), i == 0); /* it is told once */
        assert_int_equal(test_log_count(&self->log, " warning: node.example.org does not resolve"),
                         i == 0);
        assert_int_equal(test_timers_running(), 1);
        test_timers_fire(self->loop, pauses_s[i]);
    }
    settle(self);
    assert_int_equal(self->found, 0);
}

static void a_start_during_the_pause_looks_up_at_once_and_once(void **state)
{
    desk *self = *state;
    skad_resolver_start(self->resolver);
    settle(self);
    test_timers_fire(self->loop, 2);
    settle(self);
    assert_int_equal(test_timers_of(4), 1);
    skad_resolver_start(self->resolver);
    assert_int_equal(test_timers_running(), 0); /* a lookup runs in its place */
    settle(self);
    assert_int_equal(atomic_load(&lookups), 3);
    assert_int_equal(test_timers_running(), 1);
    assert_int_equal(test_timers_of(2), 1); /* the shortest pause again */
}

static void a_start_during_a_lookup_starts_no_other(void **state)
{
    desk *self = *state;
    skad_resolver_start(self->resolver);
    skad_resolver_start(self->resolver);
    settle(self);
    assert_int_equal(atomic_load(&lookups), 1);
    assert_int_equal(test_timers_running(), 1);
}

/* The node may not have joined by what was found: the name is looked up again, and handed over when
 * it has other addresses. */
static void a_name_that_comes_up_late_is_found(void **state)
{
    desk *self = *state;
    skad_resolver_start(self->resolver);
    settle(self);
    atomic_store(&known, true);
    for (unsigned again = 0; again < 2; again++) {
        test_timers_fire(self->loop, again == 0 ? 2 : 4);
        settle(self);
        assert_int_equal(self->found, 1);
        assert_int_equal(self->last.port, 4700);
        assert_int_equal(test_log_count(&self->log, " info: node.example.org resolves now"),
                         again == 0);
    }
    assert_int_equal(test_timers_of(8), 1);
    skad_resolver_start(self->resolver); /* its addresses are not forgotten */
    assert_int_equal(self->found, 2);
    settle(self);
}

/* A name that ceases to resolve keeps the addresses that it had. */
static void a_name_keeps_its_addresses(void **state)
{
    desk *self = *state;
    skad_resolver_state found;
    skad_join_flaw flaws[2];
    atomic_store(&known, true);
    skad_resolver_start(self->resolver);
    settle(self);
    atomic_store(&known, false);
    test_timers_fire(self->loop, 2);
    settle(self);
    assert_int_equal(test_log_count(&self->log, " warning: node.example.org does not resolve"), 1);
    skad_resolver_state_get(self->resolver, &found);
    assert_int_equal(found.usable, 1);
    assert_int_equal(found.unresolved, 1);
    assert_int_equal(skad_resolver_flaws(self->resolver, flaws, 2), 1);
    assert_string_equal(flaws[0].place, "node.example.org:4700");
    assert_string_equal(flaws[0].why, gai_strerror(EAI_NONAME));
}

static void a_slow_name_delays_no_other(void **state)
{
    (void)state;
    static const char *const texts[] = {"slow.example.org:1", "node.example.org:2"};
    static desk self;
    skad_join_point places[2];
    skad_failure failure;
    skad_resolver_state found;
    self = (desk){.loop = test_loop_new()};
    atomic_store(&known, true);
    for (size_t i = 0; i < 2; i++) {
        assert_true(skad_join_point_parse(texts[i], &places[i], &failure));
    }
    const skad_resolver_config config = {.loop = self.loop,
                                         .places = places,
                                         .places_count = 2,
                                         .families = SKAD_FAMILIES_ALL,
                                         .allow_private = true,
                                         .log = skad_log_stderr(SKAD_LOG_INFO),
                                         .found = on_found,
                                         .user = &self};
    assert_int_equal(skad_resolver_new(&config, &self.resolver), SKAD_OK);
    pthread_mutex_lock(&slow_lock);
    skad_resolver_start(self.resolver);
    while (self.found == 0) {
        test_loop_wait(self.loop);
    }
    assert_int_equal(self.count, 1);
    assert_int_equal(self.last.port, 2);
    skad_resolver_state_get(self.resolver, &found);
    assert_int_equal(found.awaited, 1);
    assert_int_equal(skad_resolver_first(self.resolver)->port, 2);
    pthread_mutex_unlock(&slow_lock);
    test_loop_run(self.loop);
    assert_int_equal(self.count, 2); /* both, once the slow one is there */
    skad_resolver_free(self.resolver);
    skad_loop_free(self.loop);
}

static void a_lookup_without_a_thread_is_tried_again(void **state)
{
    desk *self = *state;
    no_threads = true;
    test_log_begin(&self->log);
    skad_resolver_start(self->resolver);
    test_loop_run(self->loop); /* nothing is awaited */
    test_log_end(&self->log);
    assert_int_equal(
        test_log_count(&self->log,
                       " warning: no memory to look up node.example.org; retrying in 2 s"),
        1);
    assert_int_equal(test_timers_of(2), 1);
    assert_int_equal(atomic_load(&lookups), 0);
    no_threads = false;
    test_timers_fire(self->loop, 2);
    settle(self);
    assert_int_equal(atomic_load(&lookups), 1);
    assert_int_equal(test_timers_of(4), 1);
}

static void a_stop_ends_the_pause(void **state)
{
    desk *self = *state;
    skad_resolver_start(self->resolver);
    settle(self);
    assert_int_equal(test_timers_running(), 1);
    skad_resolver_stop(self->resolver);
    assert_int_equal(test_timers_running(), 0);
}

static void a_stop_during_a_lookup_is_followed_by_no_pause(void **state)
{
    desk *self = *state;
    atomic_store(&known, true);
    skad_resolver_start(self->resolver);
    skad_resolver_stop(self->resolver);
    settle(self);
    assert_int_equal(self->found, 0);
    assert_int_equal(test_timers_running(), 0);
}

/* The operator reads why an address is not used. Each is told once, that none is left at each
 * start. */
static void an_address_that_cannot_be_used_is_told_once_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *place;
        unsigned families;
        bool allow_private;
        const char *why;
    } cases[] = {
        {"8.8.8.8:5", SKAD_FAMILY_IPV6, true, "this node has no IPv4"},
        {"[2600::1]:5", SKAD_FAMILY_IPV4, true, "this node has no IPv6"},
        {"10.0.0.1:5", SKAD_FAMILIES_ALL, false, "private addresses may not be contacted"},
        {"0.0.0.0:5", SKAD_FAMILIES_ALL, true, "special-purpose address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static desk self;
        skad_join_point place;
        skad_failure failure;
        self = (desk){.loop = test_loop_new()};
        assert_true(skad_join_point_parse(cases[i].place, &place, &failure));
        const skad_resolver_config config = {.loop = self.loop,
                                             .places = &place,
                                             .places_count = 1,
                                             .families = cases[i].families,
                                             .allow_private = cases[i].allow_private,
                                             .log = skad_log_stderr(SKAD_LOG_INFO),
                                             .found = on_found,
                                             .user = &self};
        assert_int_equal(skad_resolver_new(&config, &self.resolver), SKAD_OK);
        test_log_begin(&self.log);
        skad_resolver_start(self.resolver);
        skad_resolver_start(self.resolver);
        test_log_end(&self.log);
        assert_int_equal(self.found, 0);
        assert_int_equal(test_log_count(&self.log, cases[i].why), 1);
        assert_int_equal(test_log_count(&self.log, cases[i].place), 1);
        assert_int_equal(test_log_count(&self.log, " error: cannot join: none of the"), 2);
        assert_int_equal(test_log_count(&self.log, ""), 3);
        skad_resolver_free(self.resolver);
        skad_loop_free(self.loop);
    }
}

static size_t count_between(const desk *self, uint32_t begin, uint32_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < self->count; i++) {
        uint32_t ip = 0;
        memcpy(&ip, self->all[i].ip, sizeof ip);
        found += ntohl(ip) - begin < count;
    }
    return found;
}

/* The server of the first name cannot shut out the others, and the operator reads of it once. */
static void a_name_with_many_addresses_leaves_room_for_others(void **state)
{
    (void)state;
    static const char *const texts[] = {"many.example.org:4700", "many2.example.org:4701",
                                        "10.0.0.1:5", "node.example.org:4700", "10.0.0.2:5"};
    static desk self;
    skad_join_point places[5];
    skad_failure failure;
    self = (desk){.loop = test_loop_new()};
    atomic_store(&known, true);
    for (size_t i = 0; i < 5; i++) {
        assert_true(skad_join_point_parse(texts[i], &places[i], &failure));
    }
    const skad_resolver_config config = {.loop = self.loop,
                                         .places = places,
                                         .places_count = 5,
                                         .families = SKAD_FAMILIES_ALL,
                                         .allow_private = true,
                                         .log = skad_log_stderr(SKAD_LOG_INFO),
                                         .found = on_found,
                                         .user = &self};
    assert_int_equal(skad_resolver_new(&config, &self.resolver), SKAD_OK);
    skad_resolver_start(self.resolver);
    assert_int_equal(self.count, 2);
    for (size_t lookup = 0; lookup < 2; lookup++) {
        settle(&self);
        assert_int_equal(self.count, SKAD_JOIN_POINTS_MAX);
        assert_int_equal(count_between(&self, 0x0a000001, 2), 2);
        assert_int_equal(count_between(&self, INADDR_LOOPBACK, 1), 1);
        assert_int_equal(count_between(&self, MANY_BEGIN, MANY), 29);
        assert_int_equal(count_between(&self, 0x0a000001, 1), 1);
        assert_int_equal(self.last.port, 5); /* numeric ones come first */
        assert_int_equal(test_log_count(&self.log, ""), lookup == 0 ? 2 : 0); /* both names */
        assert_int_equal(
            test_log_count(&self.log,
                           "many.example.org has 40 addresses; a random choice of 15 is used"),
            lookup == 0);
        for (size_t name = 0; name < 3; name++) {
            test_timers_fire(self.loop, lookup == 0 ? 2 : 4);
        }
    }
    settle(&self);
    skad_resolver_free(self.resolver);
    skad_loop_free(self.loop);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(lookups_that_fail_are_repeated_ever_less_often),
        AT_DESK(a_start_during_the_pause_looks_up_at_once_and_once),
        AT_DESK(a_start_during_a_lookup_starts_no_other),
        AT_DESK(a_name_that_comes_up_late_is_found),
        AT_DESK(a_name_keeps_its_addresses),
        cmocka_unit_test(a_slow_name_delays_no_other),
        cmocka_unit_test(a_name_with_many_addresses_leaves_room_for_others),
        AT_DESK(a_lookup_without_a_thread_is_tried_again),
        cmocka_unit_test(an_address_that_cannot_be_used_is_told_once_with_the_reason),
        AT_DESK(a_stop_ends_the_pause),
        AT_DESK(a_stop_during_a_lookup_is_followed_by_no_pause),
    };
    return cmocka_run_group_tests_name("resolve_retries", tests, NULL, NULL);
}
