/* The task of docs/embedding.md, with libskad. */
#include <skad/host.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *const join[] = {argv[argc - 1]}, *const listen[] = {"127.0.0.1:0"};
    const skad_span salt = {(const uint8_t *)"task", 4};
    skad_host_config config;
    skad_event event;
    skad_host node;
    skad_id key;
    skad_op op;
    skad_host_config_init(&config);
    config.profile = "test";
    config.listen = listen, config.listen_count = 1;
    config.join = join, config.join_count = 1;
    if (skad_host_open(&config, &node, NULL) != SKAD_OK ||
        skad_host_wait_joined(node, 30000) != SKAD_OK ||
        skad_host_put(node, "hello", 5, false, &op, &key) != SKAD_OK ||
        skad_host_wait(node, op, -1, &event) != SKAD_OK ||
        skad_host_get(node, &key, &op) != SKAD_OK ||
        skad_host_wait(node, op, -1, &event) != SKAD_OK)
        return puts(skad_host_error(node));
    printf("%.*s\n", (int)event.u.get.len, (const char *)event.u.get.value);

    const uint8_t *me = skad_node_public_key(skad_host_node(node));
    if (skad_host_publish(node, salt, "one", 3, 1, true, &op) != SKAD_OK ||
        skad_host_wait(node, op, -1, &event) != SKAD_OK ||
        skad_host_watch(node, me, salt, 5, &op) != SKAD_OK)
        return puts(skad_host_error(node));
    while (skad_host_wait(node, op, -1, &event) == SKAD_OK) {
        printf("%.*s\n", (int)event.u.get.len, (const char *)event.u.get.value);
        if (event.u.get.sequence == 2)
            break;
        if (skad_host_publish(node, salt, "two", 3, 2, true, NULL) != SKAD_OK)
            return puts(skad_host_error(node));
    }
    return skad_host_close(node);
}
