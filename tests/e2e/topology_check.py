#!/usr/bin/env python3
"""Compares the tree of a node's table with its JSON.

  topology_check.py SKAD SOCKET [unlisted ID] [failing ID] [connected ID]

The table is asked before and after the tree, and all three again until it did not change meanwhile.
Prints population, connected and depth. With `failing` or `connected` the peer of that ID must be so, in
the tree, too; with `unlisted` the table must not have it.
"""
import json
import re
import subprocess
import sys

skad, socket = sys.argv[1:3]
expected = dict(zip(sys.argv[3::2], sys.argv[4::2]))
NEAREST, NEIGHBOURS = 48, 3


def ask(*words):
    made = subprocess.run([skad, *words, "--socket", socket], stdout=subprocess.PIPE, timeout=60, check=True)
    return made.stdout.decode("ascii")


def what_is_drawn(table):
    rows = [(row["id"], row["order"], row["failures"], row["sibling"], row["replacement"], row["addresses"])
            for row in table["rows"]]
    return sorted(rows), table["depth"], table["connected_depth"], table["reachability"]


def snapshot():
    for _ in range(100):
        before, tree, after = json.loads(ask("table", "--json")), ask("table", "--tree"), json.loads(ask("table", "--json"))
        if what_is_drawn(before) == what_is_drawn(after):
            return after, tree
    sys.exit("the table never rests")


def same(what, one, other):
    if one != other:
        sys.exit(f"{what}: {one} is not {other}\n{tree}")


table, tree = snapshot()
rows, k, depth = table["rows"], table["k"], table["depth"]
in_use = [row for row in rows if row["sibling"] or not row["replacement"]]
connected = [row for row in in_use if row["failures"] == 0]

# The JSON by itself.
same("total", table["total"], len(rows))
same("population", table["population"], len(in_use))
same("population of the bins", sum(bin["population"] for bin in table["bins"]), len(in_use))
same("connected", table["connected"], len(connected))
same("connected of the bins", sum(bin["connected"] for bin in table["bins"]), len(connected))
for number, bin in enumerate(table["bins"]):
    of_bin = [row for row in in_use if row["bucket"] == number]
    same(f"bits of bin {number}", bin["bits"], number)
    same(f"population of bin {number}", bin["population"], len(of_bin))
    same(f"connected of bin {number}", bin["connected"], sum(row["failures"] == 0 for row in of_bin))
    same(f"peers of bin {number}", sorted(bin["peers"]), sorted(row["id"] for row in of_bin))
    same(f"saturation of bin {number}", bin["saturation"], min(1, bin["population"] / k))
of_order = [sum(row["order"] == order for row in connected) for order in range(257)]
gap = next((order for order in range(depth) if of_order[order] < max(1, k // 4)), depth)
near = max((order for order in range(257) if sum(of_order[order:]) >= NEIGHBOURS), default=0)
same("connected depth", table["connected_depth"], min(gap, near))
reach = json.loads(ask("status", "--json"))["reach"]
same("reachability", table["reachability"], {family: reach[family]["reached"] for family in ("ipv4", "ipv6")})

# The tree beside it.
lines = tree.splitlines()
same("characters that are no plain text", re.findall(r"[^ -~\n]", tree), [])
same("lines that are too wide", [line for line in lines if len(line) > 80], [])
same("first line", lines[0], f"node {table['self'][:12]}, reached by strangers: "
     f"ipv4 {table['reachability']['ipv4']}, ipv6 {table['reachability']['ipv6']}")
same("second line", lines[1], f"population {len(in_use)}, connected {len(connected)} (#), "
     f"failing {len(in_use) - len(connected)} (x)")
same("third line", lines[2], f"depth {depth}, connected depth {table['connected_depth']}")


def counts(of_branch):
    used = [row for row in of_branch if row["sibling"] or not row["replacement"]]
    good = sum(row["failures"] == 0 for row in used)
    return [len(of_branch), good, len(used) - good, len(of_branch) - len(used)]


drawn = {}
for line in lines:
    found = re.fullmatch(r"[+`]- (\d+) +\[([#x.]*)\] +(\d+) +(\d+) +(\d+) +(\d+)(?:  (saturated|few))?", line)
    if found:
        order, numbers = int(found[1]), [int(number) for number in found.group(3, 4, 5, 6)]
        drawn[order] = numbers
        same(f"places of order {order}", len(found[2]), min(k, 16))
        if k == 16:
            same(f"# of order {order}", found[2].count("#"), min(k, numbers[1]))
        word = "few" if numbers[1] < k // 4 else "saturated" if numbers[1] + numbers[2] >= k else None
        same(f"remark on order {order}", found[7], word)
    for order in range(*(int(end) for end in (re.findall(r"^\+- (\d+)-(\d+): no peer$", line) or [(0, -1)])[0])):
        drawn[order] = [0, 0, 0, 0]
for order in range(depth):
    same(f"order {order}", drawn.get(order, [0, 0, 0, 0]), counts([row for row in rows if row["order"] == order]))
hood = [row for row in rows if row["order"] >= depth]
numbers = next(re.findall(r"\d+", line[6 + len(str(depth)):]) for line in lines if line.startswith(f"`- {depth}+ "))
same("the neighbourhood", [int(number) for number in numbers], counts(hood))
listed = [re.fullmatch(r"  [+`]- (\d+) +([#x]) ([0-9a-f]{12}) +(?:-|[\d.]+ \w+) (\S+)", line) for line in lines]
listed = [(int(peer[1]), peer[3], peer[2], peer[4]) for peer in listed if peer]
neighbours = sorted((row["order"], row["id"][:12], "x" if row["failures"] else "#", row["addresses"][0])
                    for row in hood if row in in_use)
same("the neighbours", listed, neighbours[-NEAREST:])

for state, identity in expected.items():
    row = next((row for row in in_use if row["id"] == identity), None)
    if state == "unlisted":
        same("a row that must not be", [row for row in rows if row["id"] == identity], [])
    elif row is None or (row["failures"] == 0) != (state == "connected"):
        sys.exit(f"{identity} is not {state}: {row}")
    elif row["order"] >= depth:
        same("its mark", [peer[2] for peer in listed if peer[1] == identity[:12]],
             ["#" if state == "connected" else "x"])
print(table["population"], table["connected"], depth)
