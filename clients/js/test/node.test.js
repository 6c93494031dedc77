// The client with real nodes: each method once, then a daemon that is killed and comes back; and the code of README.md.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import * as skad from "skad";

import { Network, PROGRAM, until } from "./network.js";

const KEY = "00".repeat(32);
const skip = PROGRAM ? false : "SKAD names no program";
const text = (bytes) => new TextDecoder().decode(bytes);
let network;
let node;

before(async () => {
  if (!skip) {
    network = new Network();
    await network.open();
    node = new skad.Client({ path: network.path });
  }
});
after(async () => {
  await node?.close();
  await network?.close();
});

test("values", { skip }, async () => {
  const { key } = await node.put("a value");
  const got = await node.get(Buffer.from(key, "hex"));
  assert.deepEqual([got.key, text(got.value), got.value.constructor], [key, "a value", Uint8Array]);
  assert.deepEqual((await node.get((await node.put(new Uint8Array([1, 2]))).key)).value, new Uint8Array([1, 2]));
  await assert.rejects(node.get(KEY), skad.NotFoundError);
});

test("records", { skip }, async () => {
  const sequence = 2n ** 60n + 1n;
  assert.equal((await node.publish("one", { salt: "records", sequence, keep: false })).sequence, sequence);
  const { public_key: me } = await node.status();
  const found = await node.resolve(me, { salt: "records" });
  assert.deepEqual([text(found.value), found.sequence], ["one", sequence]);
  await assert.rejects(node.publish("two", { salt: "records", sequence }), skad.RefusedError);
  await assert.rejects(node.store(new Uint8Array(3)), skad.InputError);
});

test("announcements", { skip }, async () => {
  await node.announce(KEY, { endpoint: "127.0.0.1:80", metadata: "m" });
  const { providers } = await node.providers(KEY);
  assert.deepEqual(providers.map((each) => [each.endpoint, text(each.metadata)]), [["127.0.0.1:80", "m"]]);
  assert.equal((await node.withdraw(KEY)).withdrawn, 1);
});

test("lookups", { skip }, async () => {
  const asked = new Set();
  const found = await node.trace(KEY, { onStep: ({ id }) => asked.add(id) });
  assert.ok(found.steps.every((step) => step.state !== "answered" || asked.has(step.id)));
  assert.equal((await node.lookup(KEY)).target, KEY);
  assert.ok((await node.ping(network.address)).rtt_us >= 0);
});

test("the node itself", { skip }, async () => {
  assert.equal((await node.status()).joined, true);
  assert.ok(["ok", "degraded", "failing"].includes((await node.health()).verdict));
  assert.ok((await node.table()).rows.length > 0);
  const page = await node.records({ max: 1 });
  if (page.next) {
    await node.records({ from: page.next });
  }
  assert.equal((await node.ban("192.0.2.1", { lifeS: 60 })).subject, "192.0.2.1/32");
  assert.ok((await node.bans()).bans.some(({ subject }) => subject === "192.0.2.1/32"));
  await node.unban("192.0.2.1");
  await node.allow("192.0.2.0/24");
  await assert.rejects(node.unban("192.0.2.1"), skad.NotFoundError);
});

test("watches see changes and end at the node", { skip }, async () => {
  const { public_key: me } = await node.status();
  const watch = node.watchRecord(me, { salt: "seen", everyS: 5 });
  for (const sequence of [1, 2]) {
    await node.publish(`${sequence}`, { salt: "seen", sequence, keep: false });
    assert.equal((await watch.next({ timeoutMs: 30_000 })).value.sequence, sequence);
  }
  await watch.end();
  await until(async () => (await node.status()).watches === 0);
});

test("what is given up ends at the node", { skip }, async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const lookups = Array.from({ length: 30 }, () => node.lookup(randomBytes(32), { signal }));
  await node.status();
  controller.abort();
  await Promise.allSettled(lookups);
  await node.put("and it goes on");
  await until(async () => (await node.status()).operations === 0);
});

test("the interface of 1.1", { skip }, async () => {
  const [stored, missing, health] = await node.batch([["put", { value: "v" }], ["get", { key: KEY }], ["health"]]);
  assert.equal(stored.key.length, 64);
  assert.ok(missing instanceof skad.NotFoundError);
  assert.ok(health.verdict);
  const events = node.events({ kinds: ["ban"] });
  const first = events.next({ timeoutMs: 30_000 });
  const statuses = node.watchStatus({ everyS: 1 });
  assert.equal((await statuses.next({ timeoutMs: 30_000 })).value.joined, true);
  await node.ban("192.0.2.9");
  assert.equal((await first).value.subject, "192.0.2.9/32");
  await Promise.all([events.end(), statuses.end()]);
  const { sequence } = await node.publish("a", { salt: "automatic" });
  assert.ok((await node.publish("b", { salt: "automatic" })).sequence > sequence);
  await assert.rejects(node.get("xy"), { name: "ParamsError", parameter: "key", index: 0, expected: /64 hex digits/ });
});

test("files", { skip }, async () => {
  const data = randomBytes(300_000);
  const file = path.join(network.folder, "file");
  let received;
  const stored = await node.putFile(data, { onProgress: (now) => (received = now.received) });
  assert.deepEqual([stored.bytes, received], [data.length, data.length]);
  const streamed = await node.putFile(Readable.from([data.subarray(0, 7), data.subarray(7)]));
  assert.equal(streamed.key, stored.key);
  await node.getFile(stored.key, file);
  assert.ok(readFileSync(file).equals(data));
  const parts = [];
  for await (const part of node.readFile(stored.key, { offset: 123_456, length: 5000 })) {
    parts.push(part);
  }
  assert.ok(Buffer.concat(parts).equals(data.subarray(123_456, 128_456)));
  for await (const part of node.readFile(stored.key)) {
    assert.ok(part.length > 0);
    break; // leaving aborts it
  }
  await assert.rejects(node.getFile(KEY, file), skad.NotFoundError);
});

test("a daemon is killed and comes back", { skip }, async () => {
  const other = new skad.Client({ path: network.node(3) });
  const { public_key: publisher } = await other.status();
  await other.publish("one", { salt: "watched", sequence: 1 });
  const watch = node.watchRecord(publisher, { salt: "watched", everyS: 5 });
  assert.equal((await watch.next({ timeoutMs: 30_000 })).value.sequence, 1);
  const { key } = await other.put("there all the time");

  const puts = Array.from({ length: 150 }, (_, index) => node.put(`value ${index}`));
  const gets = Array.from({ length: 150 }, () => node.get(key));
  const ends = Promise.all([Promise.allSettled(puts), Promise.allSettled(gets)]);
  await Promise.race([...puts, ...gets]);
  await network.kill();
  await other.publish("two", { salt: "watched", sequence: 2 });
  network.start();

  const [stored, found] = await ends;
  for (const { status, reason } of stored) {
    assert.ok(status === "fulfilled" || reason instanceof skad.SkadError, String(reason));
  }
  assert.ok(stored.some(({ reason }) => reason instanceof skad.DisconnectedError));
  // A get may reach the node before it has joined again, and then finds nothing.
  for (const { status, reason } of found) {
    const named = reason instanceof skad.NotFoundError || reason instanceof skad.TimedOutError;
    assert.ok(status === "fulfilled" || named, String(reason));
  }
  await network.untilJoined();
  assert.equal(text((await node.get(key)).value), "there all the time");
  assert.equal((await watch.next({ timeoutMs: 60_000 })).value.sequence, 2); // the first is not repeated
  await watch.end();
  await other.close();
});

const here = path.dirname(fileURLToPath(import.meta.url));
const readme = readFileSync(path.join(here, "..", "README.md"), "utf8");
const blocks = (kind) => [...readme.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\`$`, "gm"))].map((each) => each[1]);

function run(code) {
  const file = path.join(here, `readme-${process.pid}.mjs`);
  writeFileSync(file, code);
  try {
    const env = { ...process.env, SKAD_SOCKET: network.path };
    const result = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 60_000, env });
    assert.deepEqual([result.status, result.stderr], [0, ""], code);
    return result.stdout;
  } finally {
    rmSync(file);
  }
}

test("the code of the README says what it should", { skip }, () => {
  const [values, watch, errors, files] = blocks("js");
  assert.equal(run(values), "hello\ntoday's news\n127.0.0.1:8080\n");
  assert.equal(run(watch), "1 first\n2 second\n");
  assert.equal(run(errors), "not_found - get: no node has the value\nTimeoutError\n");
  assert.match(run(files), /\nany size\n[0-9a-f]{64} (ok|degraded)\n[0-9]+\n$/);
});
