// Around a connection that breaks, and one that cannot be made.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { unlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";

import * as skad from "skad";

import { FAST, answers, withFake } from "./fake.js";

const KEY = "aa".repeat(32);

/** Hangs up instead of an answer. */
async function breaks(peer) {
  await peer.greet();
  await peer.read();
  peer.close();
}

async function once(peer) {
  await peer.greet();
  const [, msgid, method] = await peer.read();
  peer.answer(msgid, { did: method });
}

const harmless = {
  get: (node) => node.get(KEY),
  resolve: (node) => node.resolve(KEY),
  providers: (node) => node.providers(KEY),
  lookup: (node) => node.lookup(KEY),
  status: (node) => node.status(),
};
for (const [method, ask] of Object.entries(harmless)) {
  test(
    `what changes nothing is asked again: ${method}`,
    withFake(async ({ play, client }) => {
      play(breaks, breaks, once);
      assert.deepEqual(await ask(client()), { did: method });
    }),
  );
}

const harmful = {
  put: (node) => node.put("v"),
  publish: (node) => node.publish("v", { sequence: 1 }),
  announce: (node) => node.announce(KEY),
  withdraw: (node) => node.withdraw(KEY),
  ban: (node) => node.ban("192.0.2.1"),
};
for (const [method, ask] of Object.entries(harmful)) {
  test(
    `what may have been done is not: ${method}`,
    withFake(async ({ play, client }) => {
      play(breaks);
      await assert.rejects(ask(client()), (error) => {
        assert.match(error.message, /whether it was done is not known/);
        return error instanceof skad.DisconnectedError && error.method === method;
      });
    }),
  );
}

test(
  "a client comes back to a node that was restarted, and its patience ends",
  withFake(async ({ fake, play, client }) => {
    play(once, once);
    const node = client();
    const hasty = client({ patienceMs: 20 });
    assert.deepEqual(await node.put("1"), { did: "put" });
    assert.deepEqual(await hasty.put("1"), { did: "put" });
    await fake.played();
    await fake.stop();
    const again = node.get(KEY);
    const ends = await Promise.allSettled([hasty.put("2"), hasty.get(KEY), hasty.status()]);
    for (const { reason } of ends) {
      assert.ok(reason instanceof skad.UnreachableError || reason instanceof skad.DisconnectedError, String(reason));
    }
    await assert.rejects(hasty.status(), skad.UnreachableError);
    play(answers);
    await fake.start();
    assert.deepEqual(await again, { did: "get" });
  }),
);

test(
  "the first time it waits only if told to, and says why a socket cannot be opened",
  withFake(async ({ fake, play, client }) => {
    await fake.stop();
    await assert.rejects(client().open(), /there is no .*: start the node/);
    writeFileSync(fake.path, "");
    await assert.rejects(client().open(), /no node listens at/);
    await assert.rejects(client({ path: "/x".repeat(100) }).open(), skad.UnreachableError);
    unlinkSync(fake.path);
    const waits = client({ waitMs: 60_000, backoff: FAST }).open();
    play(answers);
    await fake.start();
    assert.deepEqual(await (await waits).status(), { did: "status" });
  }),
);

test(
  "it waits between tries",
  withFake(async ({ play, client }) => {
    const full = async (peer) => peer.fail(0, "busy", "too many clients");
    play(full, full); // at once, and when the time is over
    const backoff = { firstMs: 1_000_000, mostMs: 1_000_000 };
    await assert.rejects(client({ waitMs: 50, backoff }).open(), skad.BusyError);
  }),
);

test(
  "a socket of another user is not tried again",
  withFake(async ({ fake, client, t }) => {
    await fake.stop();
    const tries = t.mock.method(net, "connect", () => {
      const socket = new EventEmitter();
      setImmediate(() => socket.emit("error", Object.assign(new Error("no"), { code: "EACCES" })));
      return socket;
    });
    await assert.rejects(client({ waitMs: 60_000 }).open(), /you may not open/);
    assert.equal(tries.mock.callCount?.() ?? tries.mock.calls.length, 1);
    tries.mock.restore();
    await fake.start();
  }),
);

test(
  "a client too many tries again",
  withFake(async ({ play, client }) => {
    const full = async (peer) => peer.fail(0, "busy", "too many clients");
    play(full, full, answers);
    assert.deepEqual(await client({ waitMs: 60_000 }).status(), { did: "status" });
  }),
);
