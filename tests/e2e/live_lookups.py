"""Looks random keys up in a testnet, by its control sockets, and compares success and requests with a
simulation's result: live_lookups.py SKAD FOLDER NODES LOOKUPS RESULT.json. Exit code 1: they are apart."""
import json
import math
import random
import subprocess
import sys
import time

skad, folder, nodes, lookups, result = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
WAIT_S = 90
ROUND_S = 3
SETTLED = 0.95  # of the peers that a simulated node has


def call(node, *words):
    command = [skad, *words, "--json", "--socket", f"{folder}/node-{node}.sock"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wilson(right, count):
    z2 = 1.96**2
    middle = (right + z2 / 2) / (count + z2)
    half = 1.96 / (count + z2) * math.sqrt(right * (count - right) / count + z2 / 4)
    return middle - half, middle + half


def status(node):
    try:
        return call(node, "status")
    except (subprocess.CalledProcessError, json.JSONDecodeError):
        return {"peers": 0}


simulated = json.load(open(result))["results"][0]
wanted = SETTLED * simulated["world"]["peers_per_node"]
draw = random.Random(1)
until = time.monotonic() + WAIT_S
# Simulated nodes have joined one by one. Daemons all join at once, and get to know each other as they look
# things up: each does so once a round.
while sum(status(node)["peers"] for node in range(nodes)) < wanted * nodes:
    if time.monotonic() > until:
        sys.exit(f"the daemons know fewer than {wanted:.0f} peers each after {WAIT_S} s")
    for node in range(nodes):
        call(node, "lookup", f"{draw.getrandbits(256):064x}")
    time.sleep(ROUND_S)

ids = [int(status(node)["id"], 16) for node in range(nodes)]
requests, right = [], 0
for _ in range(lookups):
    node, target = draw.randrange(nodes), draw.getrandbits(256)
    found = call(node, "lookup", f"{target:064x}")
    nearest = min((it for i, it in enumerate(ids) if i != node), key=lambda it: it ^ target)
    right += any(int(it["id"], 16) == nearest for it in found["closest"])
    requests.append(found["rpcs"])

mean = sum(requests) / lookups
half = 1.96 * math.sqrt(sum((it - mean) ** 2 for it in requests) / (lookups - 1) / lookups)
its = simulated["lookups"]
rows = [
    ("lookups, success, %", 100, its["success"], (its["success_low"], its["success_high"]), right / lookups,
     wilson(right, lookups)),
    ("lookups, requests of a lookup, on average", 1, its["rpcs"], (its["rpcs_low"], its["rpcs_high"]), mean,
     (mean - half, mean + half)),
]
apart = False
print(f"{'':42} {'simulated (95 %)':>24} {'daemons (95 %)':>24}")
for name, scale, a, (a_low, a_high), b, (b_low, b_high) in rows:
    good = a_low <= b_high and b_low <= a_high
    apart = apart or not good
    texts = [f"{scale * x:.1f} ({scale * y:.1f} to {scale * z:.1f})" for x, y, z in ((a, a_low, a_high), (b, b_low, b_high))]
    print(f"{name:42} {texts[0]:>24} {texts[1]:>24}  {'overlap' if good else 'APART'}")
sys.exit(1 if apart else 0)
