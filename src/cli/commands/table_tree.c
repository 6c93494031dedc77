/* Drawing. The rows are counted by their exact order, since the last bin has several. */
#include "src/cli/commands/table_tree.h"

#include <inttypes.h>
#include <string.h>

#include "src/cli/client/text.h"
#include "src/daemon/control/topology.h"

#define BAR_WIDTH 16

typedef struct tally {
    size_t connected;
    size_t failing; /* in use, but left a request unanswered */
    size_t waiting; /* replacements */
} tally;

typedef struct neighbour {
    unsigned order;
    bool connected;
    skad_answer row;
} neighbour;

typedef struct tree {
    FILE *out;
    unsigned depth;
    size_t k;
    tally orders[SKAD_TOPOLOGY_ORDERS];
    tally near;                                    /* the whole neighbourhood */
    neighbour nearest[SKAD_TABLE_TREE_NEIGHBOURS]; /* ascending: the last one is the nearest */
    size_t nearest_count;
} tree;

static size_t known(const tally *branch)
{
    return branch->connected + branch->failing + branch->waiting;
}

static unsigned read_order(skad_answer map, const char *key)
{
    const uint64_t order = skad_answer_uint(map, key);
    return order < SKAD_TOPOLOGY_ORDERS ? (unsigned)order : SKAD_TOPOLOGY_ORDERS - 1;
}

/* ---- Counting ---- */

static bool is_nearer(const neighbour *one, const neighbour *other)
{
    if (one->order != other->order) {
        return one->order > other->order;
    }
    const skad_span a = skad_answer_bytes(one->row, "id");
    const skad_span b = skad_answer_bytes(other->row, "id");
    return a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) > 0;
}

/* Keeps a neighbour in its place; the farthest one gives way. */
static void keep(tree *self, const neighbour *peer)
{
    size_t at = 0;
    while (at < self->nearest_count && is_nearer(peer, &self->nearest[at])) {
        at++;
    }
    if (self->nearest_count == SKAD_TABLE_TREE_NEIGHBOURS) {
        if (at == 0) {
            return;
        }
        at--;
        memmove(&self->nearest[0], &self->nearest[1], at * sizeof *peer);
    } else {
        memmove(&self->nearest[at + 1], &self->nearest[at],
                (self->nearest_count - at) * sizeof *peer);
        self->nearest_count++;
    }
    self->nearest[at] = *peer;
}

static void count_row(tree *self, skad_answer row)
{
    const neighbour peer = {read_order(row, "order"), skad_answer_uint(row, "failures") == 0, row};
    const bool near = peer.order >= self->depth;
    tally *branch = near ? &self->near : &self->orders[peer.order];
    if (skad_answer_bool(row, "replacement") && !skad_answer_bool(row, "sibling")) {
        branch->waiting++;
        return;
    }
    branch->connected += peer.connected;
    branch->failing += !peer.connected;
    if (near) {
        keep(self, &peer);
    }
}

static void count_rows(tree *self, skad_answer rows)
{
    skad_answer row = skad_answer_at(rows, 0);
    for (size_t i = skad_answer_count(rows); i > 0; i--) {
        count_row(self, row);
        row.item = skad_answer_next(row.item, row.end);
    }
}

/* ---- Drawing ---- */

static void write_head(const tree *self, skad_answer table)
{
    char id[SKAD_TEXT_BYTES];
    char ipv4[SKAD_ANSWER_TEXT_BYTES];
    char ipv6[SKAD_ANSWER_TEXT_BYTES];
    const skad_answer reachability = skad_answer_get(table, "reachability");
    const uint64_t population = skad_answer_uint(table, "population");
    const uint64_t connected = skad_answer_uint(table, "connected");

    skad_text_short_id(table, "self", id);
    skad_text_of(reachability, "ipv4", ipv4);
    skad_text_of(reachability, "ipv6", ipv6);
    (void)fprintf(self->out, "node %s, reached by strangers: ipv4 %.8s, ipv6 %.8s\n", id, ipv4,
                  ipv6);
    (void)fprintf(self->out,
                  "population %" PRIu64 ", connected %" PRIu64 " (#), failing %" PRIu64 " (x)\n",
                  population, connected, population > connected ? population - connected : 0);
    (void)fprintf(self->out, "depth %u, connected depth %" PRIu64 "\n", self->depth,
                  skad_answer_uint(table, "connected_depth"));
}

/* Draws which of k places are taken: "#" by the connected, "x" by the failing. */
static void draw_bar(const tally *branch, size_t k, char out[static BAR_WIDTH + 1])
{
    const size_t width = k < BAR_WIDTH ? k : BAR_WIDTH;
    for (size_t i = 0; i < width; i++) {
        const size_t place = i * k / width;
        out[i] = '.';
        if (place < branch->connected) {
            out[i] = '#';
        } else if (place < branch->connected + branch->failing) {
            out[i] = 'x';
        }
    }
    out[width] = 0;
}

static void write_branch(const tree *self, const char *label, const char *middle,
                         const tally *branch, const char *remark)
{
    (void)fprintf(self->out, "%-9s %-18s %5zu %10zu %8zu %8zu%s%s\n", label, middle, known(branch),
                  branch->connected, branch->failing, branch->waiting, remark[0] != 0 ? "  " : "",
                  remark);
}

static void write_order(const tree *self, unsigned order)
{
    const tally *branch = &self->orders[order];
    char label[SKAD_TEXT_BYTES];
    char bar[BAR_WIDTH + 1];
    char middle[BAR_WIDTH + 3];
    const char *remark = "";
    draw_bar(branch, self->k, bar);
    (void)snprintf(label, sizeof label, "+- %u", order);
    (void)snprintf(middle, sizeof middle, "[%s]", bar);
    if (branch->connected + branch->failing >= self->k) {
        remark = "saturated";
    }
    if (branch->connected < skad_topology_enough(self->k)) {
        remark = "few";
    }
    write_branch(self, label, middle, branch, remark);
}

/* Returns the order after the empty ones from this one on; at most the depth. */
static unsigned skip_empty(const tree *self, unsigned order)
{
    while (order < self->depth && known(&self->orders[order]) == 0) {
        order++;
    }
    return order;
}

static void write_orders(const tree *self)
{
    unsigned order = 0;
    while (order < self->depth) {
        const unsigned next = skip_empty(self, order);
        if (next > order + 1) {
            (void)fprintf(self->out, "+- %u-%u: no peer\n", order, next - 1);
            order = next;
        } else {
            write_order(self, order++);
        }
    }
}

static void write_neighbour(const tree *self, const neighbour *peer, bool last)
{
    char id[SKAD_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];
    char address[SKAD_ANSWER_TEXT_BYTES];
    skad_text_short_id(peer->row, "id", id);
    skad_text_duration(skad_answer_uint(peer->row, "rtt_us"), rtt);
    skad_answer_text(skad_answer_at(skad_answer_get(peer->row, "addresses"), 0), address);
    (void)fprintf(self->out, "  %s %-3u %c %s %8s %.47s\n", last ? "`-" : "+-", peer->order,
                  peer->connected ? '#' : 'x', id, rtt, address);
}

static void write_neighbours(const tree *self)
{
    const size_t in_use = self->near.connected + self->near.failing;
    if (in_use > self->nearest_count) {
        (void)fprintf(self->out, "  +- %zu that are farther: 'skad table --contacts' lists all\n",
                      in_use - self->nearest_count);
    }
    for (size_t i = 0; i < self->nearest_count; i++) {
        write_neighbour(self, &self->nearest[i], i + 1 == self->nearest_count);
    }
}

void skad_table_tree_write(FILE *out, skad_answer table)
{
    const skad_answer rows = skad_answer_get(table, "rows");
    const uint64_t total = skad_answer_uint(table, "total");
    char label[SKAD_TEXT_BYTES];
    tree self = {
        .out = out, .depth = read_order(table, "depth"), .k = (size_t)skad_answer_uint(table, "k")};

    count_rows(&self, rows);
    write_head(&self, table);
    (void)snprintf(label, sizeof label, "of k = %zu places", self.k);
    (void)fprintf(out, "\n%-9s %-18s %5s %10s %8s %8s\n", "order", label, "known", "connected",
                  "failing", "waiting");
    write_orders(&self);
    (void)snprintf(label, sizeof label, "`- %u+", self.depth);
    write_branch(&self, label, "neighbourhood", &self.near,
                 self.near.connected < SKAD_TOPOLOGY_NEIGHBOURS ? "few" : "");
    write_neighbours(&self);
    if (total > skad_answer_count(rows)) {
        (void)fprintf(out, "%" PRIu64 " contacts more than the node tells\n",
                      total - skad_answer_count(rows));
    }
}
