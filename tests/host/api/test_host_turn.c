/* Hosts that work: they join, store, find, announce, watch and restart; events by polling and by
 * callback; and who may call what. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/folder.h"
#include "tests/support/hosts.h"

#define PATIENCE_MS 30000

static test_hosts network;

static int start(void **state)
{
    (void)state;
    test_hosts_start(&network);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    test_hosts_stop(&network);
    return 0;
}

static skad_host open_host(const skad_host_config *config)
{
    skad_host host;
    skad_failure failure;
    if (skad_host_open(config, &host, &failure) != SKAD_OK) {
        fail_msg("%s", failure.text);
    }
    assert_int_equal(skad_host_wait_joined(host, PATIENCE_MS), SKAD_OK);
    return host;
}

static skad_host open_joined(void)
{
    skad_host_config config;
    test_host_config(network.first, &config);
    return open_host(&config);
}

static void await(skad_host host, skad_op op, skad_event *event)
{
    assert_int_equal(skad_host_wait(host, op, PATIENCE_MS, event), SKAD_OK);
    assert_int_equal(event->op, op);
    assert_int_equal(event->outcome, SKAD_OUTCOME_DONE);
}

static const skad_span no_salt = {NULL, 0};

static void values_come_back(void **state)
{
    (void)state;
    const skad_host host = open_joined();
    skad_event event;
    skad_op op;
    skad_id key;
    assert_int_equal(skad_host_put(host, "hello", 5, false, &op, &key), SKAD_OK);
    await(host, op, &event);
    assert_true(event.u.put.stored >= 2);
    assert_int_equal(skad_host_get(host, &key, &op), SKAD_OK);
    await(host, op, &event);
    assert_memory_equal(event.u.get.value, "hello", 5);
    assert_int_equal(event.u.get.len, 5);
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

static void records_are_published_resolved_and_watched(void **state)
{
    (void)state;
    const skad_host host = open_joined();
    const skad_host other = open_joined();
    const uint8_t *publisher = skad_node_public_key(skad_host_node(host));
    skad_event event;
    skad_op op;
    skad_op watch;
    assert_int_equal(skad_host_publish(host, no_salt, "one", 3, 1, true, &op), SKAD_OK);
    await(host, op, &event);
    assert_int_equal(skad_host_resolve(other, publisher, no_salt, &op), SKAD_OK);
    /* Both are this thread's, so both are stepped: the host holds the record, too. */
    while (!skad_host_poll_event(other, &event) || event.op != op) {
        assert_int_equal(skad_host_step(host), SKAD_OK);
        assert_int_equal(skad_host_step(other), SKAD_OK);
    }
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.get.sequence, 1);
    assert_memory_equal(event.u.get.value, "one", 3);
    assert_int_equal(skad_host_watch(host, publisher, no_salt, SKAD_WATCH_S_MIN, &watch), SKAD_OK);
    await(host, watch, &event);
    assert_int_equal(event.kind, SKAD_EVENT_CHANGED);
    assert_int_equal(skad_host_cancel(host, watch), SKAD_OK);
    assert_int_equal(skad_host_close(host), SKAD_OK);
    assert_int_equal(skad_host_close(other), SKAD_OK);
}

static void nodes_are_announced_and_found(void **state)
{
    (void)state;
    const skad_host host = open_joined();
    const skad_id key = {{7}};
    const skad_span metadata = {(const uint8_t *)"chat", 4};
    skad_event event;
    skad_op op;
    assert_int_equal(skad_host_announce(host, &key, 5000, metadata, false, &op), SKAD_OK);
    await(host, op, &event);
    assert_int_equal(skad_host_providers(host, &key, &op), SKAD_OK);
    await(host, op, &event);
    assert_int_equal(event.u.get.providers_count, 1);
    assert_int_equal(event.u.get.providers[0].endpoint.port, 5000);
    assert_memory_equal(event.u.get.providers[0].metadata, "chat", 4);
    assert_int_equal(skad_host_watch_providers(host, &key, SKAD_WATCH_S_MIN, &op), SKAD_OK);
    await(host, op, &event);
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

/* ---- Loops ---- */

typedef struct seen {
    skad_op op;
    unsigned events;
    bool done;
    skad_status closing; /* what closing the host in a callback said */
    skad_status stepping;
} seen;

static void on_event(void *user, skad_host host, const skad_event *event)
{
    seen *self = user;
    self->events++;
    if (event->kind == SKAD_EVENT_JOINED) {
        self->closing = skad_host_close(host);
        self->stepping = skad_host_step(host);
        assert_int_equal(skad_host_put(host, "from within", 11, false, &self->op, NULL), SKAD_OK);
    }
    self->done = self->done || (event->kind == SKAD_EVENT_PUT && event->op == self->op);
}

/* As any program would: it knows nothing but the descriptor. */
static void the_descriptor_alone_drives_a_host(void **state)
{
    (void)state;
    skad_host_config config;
    skad_host host;
    skad_event event;
    seen self = {.op = 0};
    test_host_config(network.first, &config);
    config.event = on_event;
    config.user = &self;
    assert_int_equal(skad_host_open(&config, &host, NULL), SKAD_OK);
    struct pollfd ready = {.fd = skad_host_fd(host), .events = POLLIN};
    while (!self.done) {
        assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
        assert_int_equal(skad_host_step(host), SKAD_OK);
        assert_true(skad_host_deadline_us(host) > skad_host_now(host).mono_us - PATIENCE_MS * 1000);
    }
    assert_int_equal(self.closing, SKAD_ERR_BUSY);
    assert_int_equal(self.stepping, SKAD_ERR_BUSY);
    assert_false(skad_host_poll_event(host, &event)); /* it was told already */
    assert_int_equal(skad_host_wait(host, 0, 0, &event), SKAD_ERR_INPUT);
    assert_non_null(strstr(skad_host_error(host), "function for events"));
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

static void waiting_ends_in_time_and_says_why(void **state)
{
    (void)state;
    skad_host_config config;
    skad_host host;
    skad_event event;
    test_host_config(NULL, &config);
    assert_int_equal(skad_host_open(&config, &host, NULL), SKAD_OK);
    assert_int_equal(skad_host_wait(host, 12345, 20, &event), SKAD_ERR_TIMEOUT);
    assert_int_equal(skad_host_wait_joined(host, 20), SKAD_ERR_TIMEOUT);
    assert_non_null(strstr(skad_host_error(host), "waits until others ask it"));
    const char *const later[] = {network.first};
    const char *const wrong[] = {"nowhere"};
    assert_int_equal(skad_host_join(host, wrong, 1), SKAD_ERR_INPUT);
    assert_non_null(strstr(skad_host_error(host), "join: nowhere"));
    assert_int_equal(skad_host_join(host, later, 1), SKAD_OK);
    assert_int_equal(skad_host_wait_joined(host, PATIENCE_MS), SKAD_OK);
    assert_int_equal(skad_host_join(host, NULL, 0), SKAD_OK);
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

/* ---- Folders ---- */

static void a_folder_keeps_who_a_node_is_and_whom_it_knows(void **state)
{
    (void)state;
    char dir[64];
    char folder[96];
    char file[128];
    skad_host_config config;
    skad_host host;
    skad_host second;
    skad_failure failure;
    skad_event event;
    skad_op op;
    skad_id id;
    skad_id key;
    test_folder_make(dir, sizeof dir);
    (void)snprintf(folder, sizeof folder, "%s/node", dir);
    test_host_config(network.first, &config);
    config.folder = folder;
    host = open_host(&config);
    id = *skad_node_self(skad_host_node(host));
    assert_int_equal(skad_host_put(host, "kept", 4, true, &op, &key), SKAD_OK);
    await(host, op, &event);
    assert_true(event.u.put.kept);
    assert_int_equal(skad_host_open(&config, &second, &failure), SKAD_ERR_IO);
    assert_non_null(strstr(failure.text, "another"));
    assert_int_equal(skad_host_close(host), SKAD_OK);

    test_host_config(NULL, &config); /* its peers are enough */
    config.folder = folder;
    host = open_host(&config);
    assert_memory_equal(&id, skad_node_self(skad_host_node(host)), sizeof id);
    assert_int_equal(skad_host_get(host, &key, &op), SKAD_OK);
    await(host, op, &event);
    assert_memory_equal(event.u.get.value, "kept", 4);
    assert_int_equal(skad_host_close(host), SKAD_OK);
    DIR *entries = opendir(folder);
    for (const struct dirent *one = readdir(entries); one != NULL; one = readdir(entries)) {
        (void)snprintf(file, sizeof file, "%.80s/%.40s", folder, one->d_name);
        (void)unlink(file);
    }
    (void)closedir(entries);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* Of no bytes, of one piece, of many; and what cannot be fetched or stored. */
static void files_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 1001, 123456};
    static uint8_t content[123456];
    static uint8_t back[sizeof content + 1];
    const skad_host host = open_joined();
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    skad_id key;
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        FILE *from = tmpfile();
        FILE *to = tmpfile();
        assert_int_equal(fwrite(content, 1, sizes[i], from), sizes[i]);
        rewind(from);
        if (skad_host_put_file(host, fileno(from), false, PATIENCE_MS, &key) != SKAD_OK ||
            skad_host_get_file(host, &key, fileno(to), PATIENCE_MS, &bytes) != SKAD_OK) {
            fail_msg("%zu bytes: %s", sizes[i], skad_host_error(host));
        }
        assert_int_equal(bytes, sizes[i]);
        rewind(to);
        assert_int_equal(fread(back, 1, sizeof back, to), sizes[i]);
        assert_memory_equal(back, content, sizes[i]);
        (void)fclose(from);
        (void)fclose(to);
    }
    skad_op op;
    skad_event event;
    assert_int_equal(skad_host_put(host, "not a file", 10, false, &op, &key), SKAD_OK);
    await(host, op, &event);
    assert_int_equal(skad_host_get_file(host, &key, 1, PATIENCE_MS, NULL), SKAD_ERR_FORMAT);
    assert_int_equal(skad_host_get_file(host, NULL, 1, 0, NULL), SKAD_ERR_INPUT);
    assert_int_equal(skad_host_put_file(host, -1, false, 0, NULL), SKAD_ERR_INPUT);
    assert_int_equal(skad_host_put_file(host, 987, false, PATIENCE_MS, NULL), SKAD_ERR_IO);
    key.bytes[0] ^= 1;
    assert_int_equal(skad_host_get_file(host, &key, 1, PATIENCE_MS, NULL), SKAD_ERR_MISSING);
    assert_int_equal(skad_host_get_file(host, &key, 1, 0, NULL), SKAD_ERR_TIMEOUT);
    assert_int_equal(skad_host_close(host), SKAD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(records_are_published_resolved_and_watched),
        cmocka_unit_test(nodes_are_announced_and_found),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(the_descriptor_alone_drives_a_host),
        cmocka_unit_test(waiting_ends_in_time_and_says_why),
        cmocka_unit_test(a_folder_keeps_who_a_node_is_and_whom_it_knows),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
