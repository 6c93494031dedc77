/* The smallest program with a node: it joins, stores a value and finds it again, and then goes on
 * being a part of the network.
 *
 *   cc minimal.c $(pkg-config --cflags --libs skad) -o minimal
 *   ./minimal 127.0.0.1:4700     a node of the network "test" (skad testnet 20) */
#include <poll.h>
#include <stdio.h>

#include <skad/host.h>

int main(int argc, char **argv)
{
    const char *const join[] = {argc > 1 ? argv[1] : "127.0.0.1:4700"};
    const char *const listen[] = {"0.0.0.0:0"};
    skad_host_config config;
    skad_failure failure;
    skad_event event;
    skad_host host;
    skad_op op;
    skad_id key;

    skad_host_config_init(&config);
    config.profile = "test";
    config.listen = listen;
    config.listen_count = 1;
    config.join = join;
    config.join_count = 1;
    if (skad_host_open(&config, &host, &failure) != SKAD_OK) {
        fprintf(stderr, "%s\n", failure.text);
        return 1;
    }
    if (skad_host_wait_joined(host, 30000) != SKAD_OK ||
        skad_host_put(host, "hello", 5, false, &op, &key) != SKAD_OK ||
        skad_host_wait(host, op, -1, &event) != SKAD_OK ||
        skad_host_get(host, &key, &op) != SKAD_OK ||
        skad_host_wait(host, op, -1, &event) != SKAD_OK) {
        fprintf(stderr, "%s\n", skad_host_error(host));
        return 1;
    }
    printf("got: %.*s\n", (int)event.u.get.len, (const char *)event.u.get.value);

    /* From here on it serves, until it is ended. A program with an argument of its own stops. */
    struct pollfd ready = {.fd = skad_host_fd(host), .events = POLLIN};
    while (argc < 3 && poll(&ready, 1, -1) >= 0) {
        skad_host_step(host);
    }
    return skad_host_close(host) == SKAD_OK ? 0 : 1;
}
