/* Places to join through, and the threads that look them up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "src/daemon/system/log.h"
#include "src/host/net/resolve.h"
#include "src/host/system/task.h"
#include "tests/support/turns.h"

typedef struct place_case {
    const char *text;
    bool ok;
    const char *host; /* empty for an address */
    uint16_t port;
} place_case;

static const place_case places[] = {
    {"127.0.0.1:4700", true, "", 4700},
    {"[2001:db8::1]:1", true, "", 1},
    {"node.example.org:65535", true, "node.example.org", 65535},
    {"a:1", true, "a", 1},
    {"node.example.org", false, "", 0},
    {"node.example.org:", false, "", 0},
    {"node.example.org:0", false, "", 0},
    {"node.example.org:65536", false, "", 0},
    {"node.example.org:12x", false, "", 0},
    {"node.example.org:-1", false, "", 0},
    {"node.example.org:+1", false, "", 0},
    {"127.0.0.1:0", false, "", 0},
    {"[fe80::1%lo]:4700", true, "", 4700},
    {"[fe80::1%1]:4700", true, "", 4700}, /* the number of lo */
    {"[fe80::1]:4700", false, "", 0},     /* needs an interface */
    {"[fe80::1%no-such-one]:4700", false, "", 0},
    {"[fe80::1%4000000000]:4700", false, "", 0},
    {"[fe80::1%]:4700", false, "", 0},
    {"[2001:db8::1%lo]:4700", false, "", 0}, /* needs none */
    {":4700", false, "", 0},
    {"2001:db8::1", false, "", 0},
    {"[name]:4700", false, "", 0},
    {"", false, "", 0},
};

static void join_points_are_addresses_or_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        skad_join_point place;
        skad_failure failure = {""};
        if (skad_join_point_parse(places[i].text, &place, &failure) != places[i].ok) {
            fail_msg("'%s': %s", places[i].text, failure.text);
        }
        if (!places[i].ok) {
            assert_string_not_equal(failure.text, "");
            continue;
        }
        assert_string_equal(place.host, places[i].host);
        assert_int_equal(places[i].host[0] == 0 ? place.address.port : place.port, places[i].port);
    }
}

static void a_name_beyond_255_bytes_is_refused(void **state)
{
    (void)state;
    char text[SKAD_HOST_BYTES_MAX + 8];
    skad_join_point place;
    skad_failure failure;
    memset(text, 'a', sizeof text);
    memcpy(text + SKAD_HOST_BYTES_MAX, ":9", 3);
    assert_true(skad_join_point_parse(text, &place, &failure));
    memcpy(text + SKAD_HOST_BYTES_MAX, "a:9", 4);
    assert_false(skad_join_point_parse(text, &place, &failure));
}

static void link_local_points_are_at_one_interface(void **state)
{
    (void)state;
    skad_join_point points[3] = {{.interface = 0}, {.interface = 7}, {.interface = 7}};
    skad_failure failure = {""};
    uint32_t interface = 0;
    assert_true(skad_join_points_interface(points, 1, &interface, &failure));
    assert_int_equal(interface, 0);
    assert_true(skad_join_points_interface(points, 3, &interface, &failure));
    assert_int_equal(interface, 7);
    points[2].interface = 8;
    assert_false(skad_join_points_interface(points, 3, &interface, &failure));
    assert_string_not_equal(failure.text, "");
    interface = 9; /* that of --listen */
    assert_false(skad_join_points_interface(points, 2, &interface, &failure));
}

typedef struct found {
    skad_loop *loop;
    bool allow_private;
    size_t calls;
    size_t count;
    skad_address first;
} found;

static void on_found(void *user, const skad_address *addresses, size_t count)
{
    found *self = user;
    self->calls++;
    self->count = count;
    self->first = addresses[0];
}

static skad_resolver *resolver_of(found *self, const char *const *texts, size_t count,
                                  unsigned families)
{
    skad_join_point list[4];
    skad_failure failure;
    skad_resolver *resolver = NULL;
    for (size_t i = 0; i < count; i++) {
        assert_true(skad_join_point_parse(texts[i], &list[i], &failure));
    }
    const skad_resolver_config config = {
        .loop = self->loop,
        .places = list,
        .places_count = count,
        .families = families,
        .allow_private = self->allow_private,
        .log = skad_log_stderr(SKAD_LOG_NOTHING),
        .found = on_found,
        .user = self,
    };
    assert_int_equal(skad_resolver_new(&config, &resolver), SKAD_OK);
    return resolver;
}

static void addresses_are_handed_over_at_once_and_once_each(void **state)
{
    (void)state;
    found self = {.loop = test_loop_new(), .allow_private = true};
    static const char *const texts[] = {"[::1]:5", "127.0.0.1:4", "127.0.0.1:4", "127.0.0.1:6"};
    skad_resolver *resolver = resolver_of(&self, texts, 4, SKAD_FAMILY_IPV4);
    skad_resolver_start(resolver);
    assert_int_equal(self.calls, 1);
    assert_int_equal(self.count, 2); /* one twice, one of a family that we cannot send on */
    assert_int_equal(self.first.port, 4);
    skad_resolver_free(resolver);
    skad_loop_free(self.loop);
}

static void at_most_32_places_are_taken(void **state)
{
    (void)state;
    static skad_join_point list[33];
    found self = {.loop = test_loop_new()};
    skad_resolver_config config = {.loop = self.loop,
                                   .places = list,
                                   .families = SKAD_FAMILIES_ALL,
                                   .allow_private = true,
                                   .log = skad_log_stderr(SKAD_LOG_NOTHING),
                                   .found = on_found,
                                   .user = &self};
    skad_resolver *resolver = NULL;
    for (uint16_t i = 0; i < 33; i++) {
        list[i].address = (skad_address){SKAD_FAMILY_IPV4, (uint16_t)(i + 1), {127, 0, 0, 1}};
    }
    config.places_count = 33;
    assert_int_equal(skad_resolver_new(&config, &resolver), SKAD_ERR_INPUT);
    config.places_count = 32;
    assert_int_equal(skad_resolver_new(&config, &resolver), SKAD_OK);
    skad_resolver_start(resolver);
    assert_int_equal(self.count, 32);
    skad_resolver_free(resolver);
    skad_loop_free(self.loop);
}

static void addresses_that_may_not_be_contacted_are_left_out(void **state)
{
    (void)state;
    found self = {.loop = test_loop_new()};
    static const char *const texts[] = {"[64:ff9b::2d01:101]:3", "0.0.0.0:4", "10.1.1.1:5",
                                        "45.1.1.1:6"};
    skad_resolver *resolver = resolver_of(&self, texts, 4, SKAD_FAMILIES_ALL);
    skad_resolver_start(resolver);
    assert_int_equal(self.calls, 1);
    assert_int_equal(self.count, 1);
    assert_int_equal(self.first.port, 6);
    skad_resolver_free(resolver);
    resolver = resolver_of(&self, texts, 3, SKAD_FAMILIES_ALL);
    skad_resolver_start(resolver);
    assert_int_equal(self.calls, 1); /* none is left */
    skad_resolver_free(resolver);
    skad_loop_free(self.loop);
}

/* What the C library understands without any settings or name server, and we take for a name. */
#define NAME "127.1"

static void a_name_is_looked_up_in_a_thread(void **state)
{
    (void)state;
    found self = {.loop = test_loop_new(), .allow_private = true};
    static const char *const texts[] = {NAME ":4700"};
    skad_resolver *resolver = resolver_of(&self, texts, 1, SKAD_FAMILIES_ALL);
    skad_resolver_start(resolver);
    assert_int_equal(self.calls, 0);
    test_loop_run(self.loop);
    assert_int_equal(self.calls, 1);
    assert_int_equal(self.count, 1);
    assert_int_equal(self.first.port, 4700);
    assert_false(skad_address_routable(&self.first, false)); /* 127.0.0.1 */
    skad_resolver_free(resolver);
    skad_loop_free(self.loop);
}

static void a_stopped_resolver_hands_over_nothing(void **state)
{
    (void)state;
    found self = {.loop = test_loop_new(), .allow_private = true};
    static const char *const texts[] = {NAME ":4700"};
    skad_resolver *resolver = resolver_of(&self, texts, 1, SKAD_FAMILIES_ALL);
    skad_resolver_start(resolver);
    skad_resolver_stop(resolver);
    test_loop_run(self.loop); /* ends once the thread has: nothing is left to wait for */
    assert_int_equal(self.calls, 0);
    skad_resolver_free(resolver);
    skad_loop_free(self.loop);
}

/* ---- Tasks ---- */

typedef struct sum {
    unsigned upto;
    unsigned result;
} sum;

static void add_up(void *data, const atomic_bool *stop)
{
    sum *work = data;
    for (unsigned i = 1; i <= work->upto && !atomic_load(stop); i++) {
        work->result += i;
    }
}

static void take_sum(void *user, void *data)
{
    *(unsigned *)user = ((sum *)data)->result;
}

static void a_task_brings_its_result_to_the_loop(void **state)
{
    (void)state;
    skad_loop *loop = test_loop_new();
    unsigned result = 0;
    sum *work = calloc(1, sizeof *work);
    work->upto = 100;
    const skad_task_work task = {.run = add_up, .finish = take_sum, .user = &result, .data = work};
    skad_task *started = NULL;
    assert_int_equal(skad_task_start(loop, &task, &started), SKAD_OK);
    test_loop_run(loop);
    assert_int_equal(result, 5050);
    skad_loop_free(loop);
}

static void wait_for_stop(void *data, const atomic_bool *stop)
{
    (void)data;
    while (!atomic_load(stop)) {
    }
}

static void an_abandoned_task_is_stopped_and_tells_nothing(void **state)
{
    (void)state;
    skad_loop *loop = test_loop_new();
    unsigned result = 7;
    const skad_task_work task = {
        .run = wait_for_stop, .finish = take_sum, .user = &result, .data = calloc(1, sizeof(sum))};
    skad_task *started = NULL;
    assert_int_equal(skad_task_start(loop, &task, &started), SKAD_OK);
    skad_task_abandon(started);
    test_loop_run(loop); /* comes back at once: nothing is watched any more */
    assert_int_equal(result, 7);
    skad_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_points_are_addresses_or_names),
        cmocka_unit_test(link_local_points_are_at_one_interface),
        cmocka_unit_test(a_name_beyond_255_bytes_is_refused),
        cmocka_unit_test(addresses_are_handed_over_at_once_and_once_each),
        cmocka_unit_test(at_most_32_places_are_taken),
        cmocka_unit_test(addresses_that_may_not_be_contacted_are_left_out),
        cmocka_unit_test(a_name_is_looked_up_in_a_thread),
        cmocka_unit_test(a_stopped_resolver_hands_over_nothing),
        cmocka_unit_test(a_task_brings_its_result_to_the_loop),
        cmocka_unit_test(an_abandoned_task_is_stopped_and_tells_nothing),
    };
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
