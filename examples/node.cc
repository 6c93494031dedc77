// A node in C++: a class that closes it, and a lambda for what comes.
//
//   c++ -std=c++17 node.cc $(pkg-config --cflags --libs skad) -o node
//   ./node 127.0.0.1:4700
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <skad/host.h>

class Node {
public:
    explicit Node(const std::string &join)
    {
        const char *joins[] = {join.c_str()};
        const char *listens[] = {"0.0.0.0:0"};
        skad_host_config config;
        skad_failure failure;
        skad_host_config_init(&config);
        config.profile = "test";
        config.listen = listens;
        config.listen_count = 1;
        config.join = joins;
        config.join_count = 1;
        if (skad_host_open(&config, &host, &failure) != SKAD_OK) {
            throw std::runtime_error(failure.text);
        }
        check(skad_host_wait_joined(host, 30000));
    }
    ~Node() { skad_host_close(host); }
    Node(const Node &) = delete;
    Node &operator=(const Node &) = delete;

    skad_id put(const std::string &value)
    {
        skad_op op;
        skad_id key;
        skad_event event;
        check(skad_host_put(host, value.data(), value.size(), false, &op, &key));
        check(skad_host_wait(host, op, -1, &event));
        if (event.outcome != SKAD_OUTCOME_DONE) {
            throw std::runtime_error("no node took it");
        }
        return key;
    }

    std::string get(const skad_id &key)
    {
        skad_op op;
        skad_event event;
        check(skad_host_get(host, &key, &op));
        check(skad_host_wait(host, op, -1, &event));
        if (event.outcome != SKAD_OUTCOME_DONE) {
            throw std::runtime_error("not found");
        }
        return {reinterpret_cast<const char *>(event.u.get.value), event.u.get.len};
    }

private:
    void check(skad_status status) const
    {
        if (status != SKAD_OK) {
            throw std::runtime_error(skad_host_error(host));
        }
    }
    skad_host host = 0;
};

int main(int argc, char **argv)
{
    try {
        Node node(argc > 1 ? argv[1] : "127.0.0.1:4700");
        std::cout << "got: " << node.get(node.put("hello")) << "\n";
    } catch (const std::exception &error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
