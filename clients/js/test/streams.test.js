// Watches and subscriptions: what comes, what is left out, how they end and come back.

import assert from "node:assert/strict";
import test from "node:test";

import * as skad from "skad";

import { event, until, withFake } from "./fake.js";

const PUBLISHER = "cc".repeat(32);
const version = (sequence, value = new Uint8Array([1])) => ({ sequence, value });

/** Makes sure that all that the node sent before was read: it answers a question over the same connection. */
async function answersAnother(peer, ender) {
  const { msgid, params } = await peer.request(ender);
  peer.answer(msgid, true);
  return params;
}

test(
  "changes come one after the other until the loop is left",
  withFake(async ({ play, client }) => {
    const [seen, ended] = [event(), event()];
    play(async (peer) => {
      await peer.greet();
      const { msgid, params } = await peer.request("watch_record");
      assert.deepEqual(params, [PUBLISHER, "salt", 5]);
      peer.tell("changed", msgid, version(1));
      await seen.happened;
      peer.tell("changed", msgid, version(2));
      assert.deepEqual(await answersAnother(peer, "unwatch"), [msgid]);
      peer.answer(msgid, { changes: 2 });
      ended.set();
      await peer.ended();
    });
    const watch = client().watchRecord(PUBLISHER, { salt: "salt", everyS: 5 });
    const sequences = [];
    for await (const { sequence } of watch) {
      sequences.push(sequence);
      seen.set();
      if (sequences.length === 2) {
        break;
      }
    }
    await ended.happened;
    assert.deepEqual(sequences, [1, 2]);
    assert.equal((await watch.next()).done, true);
  }),
);

test(
  "a slow reader gets the latest of a watch, and is told how many events it missed",
  withFake(async ({ play, client }) => {
    const sent = event();
    play(async (peer) => {
      await peer.greet();
      const watch = await peer.request("watch_record");
      peer.tell("changed", watch.msgid, version(1));
      const events = await peer.request("subscribe_events");
      assert.deepEqual(events.params, [["ban", "joined"]]);
      peer.tell("event", events.msgid, { kind: "ban", unix_s: 0 });
      for (let index = 1; index < 1024 + 4; index++) {
        peer.tell("changed", watch.msgid, version(index + 1));
        peer.tell("event", events.msgid, { kind: "ban", unix_s: index });
      }
      const status = await peer.request("subscribe_status");
      peer.tell("status", status.msgid, { peers: 3 });
      await peer.ended();
    });
    const node = client();
    const watch = node.watchRecord(PUBLISHER);
    const events = node.events({ kinds: ["ban", "joined"] });
    await watch.next();
    assert.equal((await events.next()).value.unix_s, 0);
    assert.equal((await node.watchStatus().next()).value.peers, 3); // all before it has come
    assert.equal((await watch.next()).value.sequence, 1028);
    assert.deepEqual((await events.next()).value, { kind: "lost", count: 3 });
    assert.equal((await events.next()).value.unix_s, 4);
  }),
);

test(
  "a watch comes back and does not repeat itself",
  withFake(async ({ play, client }) => {
    play(
      async (peer) => {
        await peer.greet();
        peer.tell("changed", (await peer.request("watch_record")).msgid, version(1));
      },
      async (peer) => peer.greet(),
      async (peer) => {
        // Restarted; it finds what was, then a change.
        await peer.greet();
        const { msgid } = await peer.request("watch_record");
        peer.tell("changed", msgid, version(1));
        peer.tell("changed", msgid, version(2));
        await peer.ended();
      },
    );
    const watch = client().watchRecord(PUBLISHER);
    assert.equal((await watch.next()).value.sequence, 1);
    assert.equal((await watch.next()).value.sequence, 2);
  }),
);

test(
  "providers are the same in any order",
  withFake(async ({ play, client }) => {
    const one = { publisher: "aa", sequence: 1, endpoint: null };
    const two = { publisher: "bb", sequence: 1, endpoint: "192.0.2.1:1" };
    play(
      async (peer) => {
        await peer.greet();
        peer.tell("changed", (await peer.request("watch_providers")).msgid, { providers: [one, two] });
      },
      async (peer) => {
        await peer.greet();
        const { msgid } = await peer.request("watch_providers");
        peer.tell("changed", msgid, { providers: [two, one] });
        peer.tell("changed", msgid, { providers: [two] });
        await peer.ended();
      },
    );
    const watch = client().watchProviders(PUBLISHER);
    assert.equal((await watch.next()).value.providers.length, 2);
    assert.equal((await watch.next()).value.providers.length, 1);
  }),
);

test(
  "it ends with the node's error",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      peer.fail((await peer.request("watch_record")).msgid, "busy", "64 watches are the most");
      await peer.ended();
    });
    const watch = client().watchRecord(PUBLISHER);
    await assert.rejects(watch.next(), { name: "BusyError", message: "watch_record: 64 watches are the most" });
    assert.equal((await watch.next()).done, true);
  }),
);

test(
  "when the node stays away the reader is told",
  withFake(async ({ fake, play, client }) => {
    play(async (peer) => {
      await peer.greet();
      peer.tell("changed", (await peer.request("watch_record")).msgid, version(1));
      fake.server.close();
    });
    const watch = client({ patienceMs: 10 }).watchRecord(PUBLISHER);
    await watch.next();
    await assert.rejects(watch.next(), skad.UnreachableError);
    await until(() => !fake.server.listening);
    await fake.start();
  }),
);

test(
  "giving up on an item does not end it",
  withFake(async ({ play, client }) => {
    const gaveUp = event();
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("subscribe_status");
      await gaveUp.happened;
      peer.tell("status", msgid, { peers: 3 });
      await peer.ended();
    });
    const statuses = client().watchStatus();
    await assert.rejects(statuses.next({ timeoutMs: 100 }), skad.NoAnswerError);
    gaveUp.set();
    assert.deepEqual((await statuses.next()).value, { peers: 3 });
  }),
);

test(
  "a signal ends it, here and at the node",
  withFake(async ({ play, client }) => {
    const [watching, ended] = [event(), event()];
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("watch_record");
      watching.set();
      assert.deepEqual(await answersAnother(peer, "unwatch"), [msgid]);
      ended.set();
      await peer.ended();
    });
    const controller = new AbortController();
    const watch = client().watchRecord(PUBLISHER, { signal: controller.signal });
    const next = watch.next();
    next.catch(() => {});
    await watching.happened;
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
    await ended.happened;
    await assert.rejects(watch.next(), /enough/);
  }),
);

test(
  "watches do not hold back calls that are given up",
  withFake(async ({ play, client }) => {
    const closed = event();
    play(
      async (peer) => {
        await peer.greet();
        peer.tell("changed", (await peer.request("watch_record")).msgid, version(1));
        await peer.ended();
      },
      async (peer) => {
        await peer.greet();
        await peer.request("put");
        await peer.ended();
        closed.set();
      },
    );
    const node = client();
    await node.watchRecord(PUBLISHER).next();
    await node.open();
    await assert.rejects(node.put("v", { timeoutMs: 10 }), skad.NoAnswerError);
    await closed.happened;
  }),
);
