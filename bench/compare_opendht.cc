/* OpenDHT's side: a dht::DhtRunner for each node, as its own programs use them. Each has a thread
 * for its node and one for its socket. Their rates are off, as skad's are in its test network.
 * Each has an identity of its own, with an RSA key of 2048 bits in place of the 4096 of OpenDHT's
 * default, which 64 nodes would take minutes to make. It makes keys of elliptic curves, too, but
 * refuses what they sign. */
#include "bench/compare_side.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <opendht/dhtrunner.h>
#include <opendht/securedht.h>

namespace
{

using clock_type = std::chrono::steady_clock;

constexpr std::chrono::seconds JOIN{60};
constexpr std::chrono::seconds PATIENCE{60}; /* with one operation */
constexpr std::chrono::milliseconds POLL{20};
constexpr unsigned KEY_BITS = 2048;
constexpr unsigned PEERS_MIN = 8; /* nodes in a bucket of OpenDHT, and holders of a value */

std::array<dht::DhtRunner, COMPARE_NODES> nodes;
std::atomic<uint64_t> datagrams{0};
uint64_t requests = 0;

/* OpenDHT does not count what it sends. */
class counting_socket : public dht::net::UdpSocket
{
  public:
    using dht::net::UdpSocket::UdpSocket;

    int sendTo(const dht::SockAddr &dest, const uint8_t *data, size_t size, bool replied) override
    {
        datagrams++;
        return dht::net::UdpSocket::sendTo(dest, data, size, replied);
    }
};

/* ---- Starting ---- */

dht::SockAddr loopback()
{
    dht::SockAddr address;
    address.setFamily(AF_INET);
    address.setAddress("127.0.0.1");
    address.setPort(0);
    return address;
}

void start_node(dht::DhtRunner &node)
{
    dht::DhtRunner::Config config;
    dht::DhtRunner::Context context;
    config.dht_config.id = dht::crypto::generateIdentity("node", {}, KEY_BITS);
    config.dht_config.node_config.network = 0x51ad;
    config.dht_config.node_config.max_req_per_sec = -1;
    config.dht_config.node_config.max_peer_req_per_sec = -1;
    context.sock = std::make_unique<counting_socket>(loopback(), dht::SockAddr());
    node.run(config, std::move(context));
}

bool joined(const dht::DhtRunner &node)
{
    return node.getNodesStats(AF_INET).good_nodes >= PEERS_MIN;
}

bool start()
{
    try {
        for (auto &node : nodes) {
            start_node(node);
        }
        for (size_t i = 1; i < nodes.size(); i++) {
            nodes[i].bootstrap("127.0.0.1", std::to_string(nodes[0].getBoundPort()));
        }
    } catch (const std::exception &e) {
        std::fprintf(stderr, "bench_compare: OpenDHT: %s\n", e.what());
        return false;
    }
    const auto end = clock_type::now() + JOIN;
    while (!std::all_of(nodes.begin(), nodes.end(), joined)) {
        if (clock_type::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(POLL);
    }
    return true;
}

/* ---- Acting ---- */

/* How an operation ended. Only the first word counts: a get may be told of more than once. */
class ending
{
  public:
    void tell(bool ok)
    {
        if (!told.exchange(true)) {
            promise.set_value(ok);
        }
    }

    bool await()
    {
        auto future = promise.get_future();
        return future.wait_for(PATIENCE) == std::future_status::ready && future.get();
    }

  private:
    std::promise<bool> promise;
    std::atomic<bool> told{false};
};

using values = std::vector<std::shared_ptr<dht::Value>>;

std::shared_ptr<dht::Value> make_value(const compare_task *task)
{
    return std::make_shared<dht::Value>(task->value, sizeof task->value);
}

dht::InfoHash key_of(const compare_task *task)
{
    switch (task->act) {
    case COMPARE_PUT:
        return dht::InfoHash::get(task->value, sizeof task->value);
    case COMPARE_PUBLISH:
        return dht::InfoHash::get("record " + std::to_string(task->number));
    case COMPARE_GET:
    case COMPARE_RESOLVE:
        break;
    }
    return {task->key, dht::InfoHash::size()};
}

bool among(const values &found, const compare_task *task)
{
    return std::any_of(found.begin(), found.end(), [task](const auto &value) {
        return std::equal(value->data.begin(), value->data.end(), task->value,
                          task->value + sizeof task->value) &&
               (task->act != COMPARE_RESOLVE || value->isSigned());
    });
}

/* A get ends with the first copy, resolving when all nodes near the key have answered. */
void find(dht::DhtRunner &node, const compare_task *task, const std::shared_ptr<ending> &end)
{
    auto found = std::make_shared<std::atomic<bool>>(false);
    node.get(
        key_of(task),
        [end, found, wanted = *task](const values &some) {
            *found = *found || among(some, &wanted);
            bool enough = *found && wanted.act == COMPARE_GET;
            if (enough) {
                end->tell(true);
            }
            return !enough;
        },
        [end, found](bool) { end->tell(*found); });
}

void begin(dht::DhtRunner &node, const compare_task *task, const std::shared_ptr<ending> &end)
{
    switch (task->act) {
    case COMPARE_PUT:
        node.put(key_of(task), make_value(task), [end](bool ok) { end->tell(ok); });
        break;
    case COMPARE_PUBLISH:
        node.putSigned(key_of(task), make_value(task), [end](bool ok) { end->tell(ok); });
        break;
    case COMPARE_GET:
    case COMPARE_RESOLVE:
        find(node, task, end);
        break;
    }
}

bool has(dht::DhtRunner &node, const dht::InfoHash &key)
{
    return node.getStorageLog(key).find("empty") == std::string::npos;
}

void act(const compare_task *task, compare_result *out)
{
    dht::DhtRunner &node = nodes[task->node];
    const dht::InfoHash key = key_of(task);
    std::copy_n(key.data(), key.size(), out->key);
    if (task->act == COMPARE_GET && has(node, key)) {
        out->outcome = COMPARE_LOCAL;
        return;
    }
    auto end = std::make_shared<ending>();
    const auto begun = clock_type::now();
    begin(node, task, end);
    bool ok = end->await();
    const std::chrono::duration<double, std::milli> took = clock_type::now() - begun;
    out->ms = took.count();
    out->outcome = ok ? COMPARE_DONE : COMPARE_FAILED;
}

void count(compare_counts *out)
{
    for (const auto &node : nodes) {
        for (unsigned sent : node.getNodeMessageStats()) { /* since the last call */
            requests += sent;
        }
    }
    *out = {datagrams, requests, 0, 0};
}

void stop()
{
}

} // namespace

const compare_side compare_opendht = {"OpenDHT", start, act, count, stop};
