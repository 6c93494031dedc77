// Calls in time, too late, given up, more than the node takes, and several in one.

import assert from "node:assert/strict";
import test from "node:test";

import * as skad from "skad";

import { answers, event, idle, until, withFake } from "./fake.js";

const KEY = "aa".repeat(32);
const RETIRED_MAX = 4;

test(
  "a call that takes too long ends at the node too",
  withFake(async ({ fake, play, client }) => {
    play(idle, answers);
    const node = await client().open();
    await assert.rejects(node.lookup(KEY, { timeoutMs: 10 }), {
      name: "NoAnswerError",
      message: "lookup: the node gave no answer in 10 ms",
    });
    await fake.played(); // the first connection has ended, as the operation was the only one over it
    assert.deepEqual(await node.get(KEY), { did: "get" });
  }),
);

test(
  "an aborted call rejects with the signal's reason and leaves the others their answers",
  withFake(async ({ play, client }) => {
    const [arrived, aborted] = [event(), event()];
    play(async (peer) => {
      await peer.greet();
      await peer.request("put");
      const { msgid } = await peer.request("get");
      arrived.set();
      await aborted.happened;
      peer.answer(msgid, { did: "the first" });
      assert.deepEqual(await peer.ended(), []);
    }, answers);
    const node = client();
    const controller = new AbortController();
    const put = node.put("v", { signal: controller.signal });
    const get = node.get(KEY);
    await arrived.happened;
    controller.abort(new Error("enough"));
    await assert.rejects(put, /enough/);
    assert.deepEqual(await node.get(KEY), { did: "get" }); // over another connection
    aborted.set();
    assert.deepEqual(await get, { did: "the first" });
    await assert.rejects(node.put("v", { signal: AbortSignal.abort(new Error("before")) }), /before/);
  }),
);

test(
  "connections that wait for their last call are bounded",
  withFake(async ({ fake, play, client }) => {
    const arrived = [];
    const counting = async (peer) => {
      await peer.greet();
      for (let message; (message = await peer.read()) !== null; ) {
        arrived.push(message);
      }
    };
    play(...Array(RETIRED_MAX + 1).fill(counting));
    const node = client();
    const kept = [];
    for (let round = 0; round < 3 * RETIRED_MAX; round++) {
      const controller = new AbortController();
      const put = node.put("v", { signal: controller.signal });
      kept.push(node.put("w"));
      await until(() => arrived.length === 2 * (round + 1));
      controller.abort();
      await assert.rejects(put);
    }
    assert.equal(fake.connections, RETIRED_MAX + 1);
    await node.close();
    for (const { reason } of await Promise.allSettled(kept)) {
      assert.equal(reason.name, "ClosedError");
    }
  }),
);

test(
  "closing ends what is under way, and the waiting for a node",
  withFake(async ({ fake, play, client }) => {
    play(idle);
    const node = await client().open();
    const put = node.put("v");
    await node.close();
    await assert.rejects(put, skad.ClosedError);
    await assert.rejects(node.status(), skad.ClosedError);
    await fake.stop();
    const waits = client({ waitMs: 60_000 });
    const status = waits.status();
    status.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await waits.close();
    await assert.rejects(status, skad.ClosedError);
    await fake.start();
  }),
);

test(
  "no more operations than the node takes",
  withFake(async ({ play, client }) => {
    let most = 0;
    play(async (peer) => {
      await peer.greet({ limits: { operations: 3 } });
      const underWay = [];
      for (let done = 0; done < 10; ) {
        const [, msgid, method] = await peer.read();
        if (method === "status") {
          peer.answer(msgid, { joined: true }); // it came past the operations that wait
          continue;
        }
        underWay.push(msgid);
        most = Math.max(most, underWay.length);
        while (underWay.length === 3 || (underWay.length > 0 && done >= 7)) {
          peer.answer(underWay.pop(), {});
          done++;
        }
      }
      await peer.ended();
    });
    const node = await client().open();
    const puts = Array.from({ length: 10 }, (_, index) => node.put(`${index}`));
    assert.equal((await node.status()).joined, true);
    await Promise.all(puts);
    assert.equal(most, 3);
  }),
);

test(
  "a turn that is given to an aborted call goes to the next",
  withFake(async ({ play, client }) => {
    const [first, release] = [event(), event()];
    play(async (peer) => {
      await peer.greet({ limits: { operations: 1 } });
      const { msgid } = await peer.request("put");
      first.set();
      await release.happened;
      peer.answer(msgid, {});
      const last = await peer.request("put");
      assert.deepEqual(last.params[0], "third");
      peer.answer(last.msgid, {});
      await peer.ended();
    });
    const node = await client().open();
    const controller = new AbortController();
    const puts = [node.put("first"), node.put("second", { signal: controller.signal }), node.put("third")];
    await first.happened;
    controller.abort();
    release.set();
    const ends = await Promise.allSettled(puts);
    assert.deepEqual(ends.map((each) => each.status), ["fulfilled", "rejected", "fulfilled"]);
  }),
);

test(
  "a timeout may be longer than a timer of the system",
  withFake(async ({ play, client }) => {
    play(answers, answers);
    for (const timeoutMs of [Infinity, 2 ** 40]) {
      assert.deepEqual(await client({ timeoutMs }).status(), { did: "status" });
    }
  }),
);

test(
  "batches: results and errors in the order of the calls",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid, params } = await peer.request("batch");
      assert.deepEqual(params, [["put", ["v", true]], ["get", [KEY]]]);
      peer.answer(msgid, { results: [[null, { key: KEY }], [{ code: "not_found", message: "none" }, null]] });
      peer.answer((await peer.request("batch")).msgid, { results: [] });
      await peer.ended();
    });
    const node = client();
    const [put, got] = await node.batch([["put", { value: "v", keep: true }], ["get", { key: KEY }]]);
    assert.equal(put.key, KEY);
    assert.ok(got instanceof skad.NotFoundError);
    assert.equal(got.method, "get");
    await assert.rejects(node.batch([["status"]]), skad.ProtocolError);
    await assert.rejects(node.batch([["get", { kee: KEY }]]), skad.ParamsError);
  }),
);

test(
  "steps of a trace come before its result",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("trace");
      peer.tell("step", msgid, { hop: 0 });
      peer.tell("step", msgid, { hop: 1 });
      peer.answer(msgid, { steps: [] });
      await peer.ended();
    });
    const hops = [];
    await client().trace(KEY, { onStep: ({ hop }) => hops.push(hop) });
    assert.deepEqual(hops, [0, 1]);
  }),
);
