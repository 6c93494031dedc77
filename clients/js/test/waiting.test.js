// Promises that are given up, and the gate. They are no part of the public interface, so they are taken from the files of the
// package.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import test from "node:test";

const sources = path.dirname(createRequire(import.meta.url).resolve("skad"));
const { Gate, bounded, unlessAborted } = await import(path.join(sources, "waiting.js"));

test("a turn that is given to an aborted call goes to the next", async () => {
  const gate = new Gate(() => 1);
  const entered = [];
  const controller = new AbortController();
  let second;
  let third;
  await gate.run(undefined, async () => {
    second = gate.run(controller.signal, async () => entered.push("second"));
    third = gate.run(undefined, async () => entered.push("third"));
    second.catch(() => {});
    await Promise.resolve();
    // The first leaves, and wakes the second, which is aborted before it moves.
    queueMicrotask(() => queueMicrotask(() => controller.abort()));
  });
  controller.abort();
  await assert.rejects(second, { name: "AbortError" });
  await third;
  assert.deepEqual(entered, ["third"]);
});

test("what is aborted before is not begun", async () => {
  const signal = AbortSignal.abort(new Error("before"));
  let begun = false;
  await assert.rejects(
    bounded({ signal }, async () => {
      begun = true;
    }),
    /before/,
  );
  assert.equal(begun, false);
  await assert.rejects(unlessAborted(new Promise(() => {}), signal), /before/);
});

test("a signal is not held after the end", async () => {
  const held = new Set();
  const signal = {
    aborted: false,
    throwIfAborted() {},
    addEventListener: (_, listener) => held.add(listener),
    removeEventListener: (_, listener) => held.delete(listener),
  };
  await bounded({ signal, timeoutMs: 1000 }, async () => 1);
  await assert.rejects(bounded({ signal }, () => Promise.reject(new Error("mine"))), /mine/);
  await unlessAborted(Promise.resolve(1), signal);
  await assert.rejects(unlessAborted(Promise.reject(new Error("mine")), signal), /mine/);
  assert.equal(held.size, 0);
});
