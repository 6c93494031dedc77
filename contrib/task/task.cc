// The task of docs/embedding.md, with libskad in C++.
#include <iostream>
#include <string_view>
#include <skad/host.h>

int main(int argc, char **argv)
{
    const char *const join[] = {argv[argc - 1]}, *const listen[] = {"127.0.0.1:0"};
    const skad_span salt = {reinterpret_cast<const uint8_t *>("task"), 4};
    skad_host_config config;
    skad_event event;
    skad_host node;
    skad_id key;
    skad_op op;
    const auto check = [&](skad_status status) { if (status != SKAD_OK) throw status; };
    const auto wait = [&](skad_op started) { check(skad_host_wait(node, started, -1, &event)); };
    const auto text = [&] { return std::string_view(reinterpret_cast<const char *>(event.u.get.value), event.u.get.len); };
    skad_host_config_init(&config);
    config.profile = "test";
    config.listen = listen, config.listen_count = 1;
    config.join = join, config.join_count = 1;
    try {
        check(skad_host_open(&config, &node, nullptr));
        check(skad_host_wait_joined(node, 30000));
        check(skad_host_put(node, "hello", 5, false, &op, &key));
        wait(op);
        check(skad_host_get(node, &key, &op));
        wait(op);
        std::cout << text() << std::endl;

        check(skad_host_publish(node, salt, "one", 3, 1, true, &op));
        wait(op);
        check(skad_host_watch(node, skad_node_public_key(skad_host_node(node)), salt, 5, &op));
        for (wait(op); event.u.get.sequence != 2; wait(op)) {
            std::cout << text() << std::endl;
            check(skad_host_publish(node, salt, "two", 3, 2, true, nullptr));
        }
        std::cout << text() << std::endl;
        return skad_host_close(node);
    } catch (skad_status) {
        std::cerr << skad_host_error(node) << "\n";
        return 1;
    }
}
