// A node that does as a test says: it plays one script for each connection, in the order of their coming.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

import { Client } from "skad";
import { decodeMultiStream, encode } from "@msgpack/msgpack";

export const LIMITS = { request_bytes: 4096, operations: 64, chunk_bytes: 1000 };
export const FAST = { firstMs: 1, mostMs: 10 };

/** One connection, from the node's side. */
export class Peer {
  constructor(socket) {
    this.socket = socket;
    this.messages = decodeMultiStream(socket, { useBigInt64: true })[Symbol.asyncIterator]();
  }

  /** The next message; null at the end. */
  async read() {
    try {
      const { done, value } = await this.messages.next();
      return done ? null : value;
    } catch (error) {
      if (error.syscall || error.code?.startsWith("ERR_STREAM")) {
        return null;
      }
      throw error;
    }
  }

  /** The next message, which must be a request of this method: its msgid and parameters. */
  async request(method) {
    const message = await this.read();
    assert.deepEqual([message?.[0], message?.[2]], [0, method]);
    return { msgid: message[1], params: message[3] };
  }

  async notified(method) {
    const message = await this.read();
    assert.deepEqual(message?.slice(0, 2), [2, method]);
    return message[2];
  }

  /** Waits until the client hangs up; what it sent before is returned. */
  async ended() {
    const sent = [];
    for (let message; (message = await this.read()) !== null; ) {
      sent.push(message);
    }
    return sent;
  }

  raw(data) {
    this.socket.write(data);
  }

  send(message) {
    this.raw(encode(message));
  }

  answer(msgid, result) {
    this.send([1, msgid, null, result]);
  }

  fail(msgid, code, message = "so it is", more = {}) {
    this.send([1, msgid, { code, message, ...more }, null]);
  }

  tell(name, msgid, value) {
    this.send([2, name, [msgid, value]]);
  }

  close() {
    this.socket.end();
  }

  /** Takes the client's hello, as a node of version 1.1 does. */
  async greet(more = {}) {
    const { msgid, params } = await this.request("hello");
    assert.equal(params[1], 1);
    this.answer(msgid, { api: 1, minor: 1, version: "0", limits: LIMITS, ...more });
  }
}

class Fake {
  scripts = [];
  faults = [];
  connections = 0;
  #running = [];
  #sockets = new Set();

  constructor(at) {
    this.path = at;
  }

  async start() {
    this.server = net.createServer({ allowHalfOpen: false }, (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      this.connections++;
      const script = this.scripts.shift() ?? (() => assert.fail("one connection too many"));
      this.#running.push(
        (async () => script(new Peer(socket)))()
          .catch((error) => this.faults.push(error))
          .finally(() => socket.end()),
      );
    });
    await new Promise((resolve) => this.server.listen(this.path, resolve));
  }

  async stop() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  /** Waits until each script has come to its end. */
  async played() {
    await Promise.all(this.#running);
  }
}

/** Runs a test with a fake and clients of it; at the end nothing may have gone wrong there. */
export function withFake(what) {
  return async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "skad-js-"));
    const fake = new Fake(path.join(folder, "s"));
    fake.folder = folder;
    await fake.start();
    const clients = [];
    const play = (...scripts) => fake.scripts.push(...scripts);
    const client = (options = {}) => {
      clients.push(new Client({ path: fake.path, backoff: FAST, ...options }));
      return clients.at(-1);
    };
    try {
      await what({ fake, play, client, t });
      await Promise.all(clients.map((each) => each.close()));
      await fake.played();
      assert.deepEqual(fake.faults, []);
      assert.equal(fake.scripts.length, 0, "the client came too rarely");
    } catch (error) {
      throw fake.faults[0] ?? error;
    } finally {
      await Promise.all(clients.map((each) => each.close()));
      await fake.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

export async function idle(peer) {
  await peer.greet();
  await peer.ended();
}

/** Greets, and answers each request with its method. */
export async function answers(peer) {
  await peer.greet();
  for (let message; (message = await peer.read()) !== null; ) {
    peer.answer(message[1], { did: message[2] });
  }
}

/** Waits for something that only other turns of the loop can bring about. */
export async function until(condition) {
  while (!condition()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function event() {
  const made = {};
  made.happened = new Promise((resolve) => {
    made.set = resolve;
  });
  return made;
}
