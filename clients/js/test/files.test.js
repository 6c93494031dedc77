// Files over the socket, with a node that watches the rules.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import test from "node:test";

import * as skad from "skad";

import { event, withFake } from "./fake.js";

const KEY = "dd".repeat(32);
const bytesOf = (value) => Buffer.from(value).toString("hex");

/** Receives a file as the protocol says, with so much room. */
async function takes(peer, msgid, size, window) {
  const parts = [];
  let got = 0;
  let granted = window;
  peer.tell("progress", msgid, { received: 0, stored: 0, pieces: 0, window });
  while (got < size) {
    const [number, chunk] = await peer.notified("chunk");
    assert.equal(number, msgid);
    assert.ok(chunk.length > 0 && chunk.length <= 1000, `a chunk of ${chunk.length} bytes`);
    parts.push(Buffer.from(chunk));
    got += chunk.length;
    assert.ok(got <= granted, "more than there is room for");
    if (got === granted) {
      granted = got + window;
      peer.tell("progress", msgid, { received: got, stored: got, pieces: 1, window });
    }
  }
  return Buffer.concat(parts);
}

const data = randomBytes(10_007);
const sources = {
  "a path": (folder) => {
    const file = path.join(folder, "file");
    writeFileSync(file, data);
    return [file, data.length];
  },
  bytes: () => [new Uint8Array(data), data.length],
  "a stream, whose size is not known": () => [Readable.from([data.subarray(0, 5000), data.subarray(5000)]), null],
  "a generator with its size": () => [
    (function* () {
      yield data.subarray(0, 1);
      yield data.subarray(1);
    })(),
    data.length,
    { size: data.length },
  ],
};
for (const [label, make] of Object.entries(sources)) {
  test(
    `a file goes in chunks within the window: ${label}`,
    withFake(async ({ fake, play, client }) => {
      const [source, size, options] = make(fake.folder);
      play(async (peer) => {
        await peer.greet();
        const { msgid, params } = await peer.request("put_file");
        assert.deepEqual(params, [size, true]);
        assert.equal(bytesOf(await takes(peer, msgid, data.length, 2500)), bytesOf(data));
        if (size === null) {
          assert.deepEqual(await peer.notified("chunk"), [msgid, Buffer.alloc(0)]);
        }
        peer.answer(msgid, { api: 1, key: KEY, bytes: data.length });
        assert.deepEqual(await peer.ended(), []);
      });
      const received = [];
      const onProgress = (now) => received.push(now.received);
      const result = await client().putFile(source, { keep: true, onProgress, ...options });
      assert.equal(result.key, KEY);
      assert.deepEqual(received.slice(0, 2), [0, 2500]);
    }),
  );
}

test(
  "an empty file",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid, params } = await peer.request("put_file");
      assert.deepEqual(params, [0, false]);
      peer.answer(msgid, { key: KEY, bytes: 0 });
      assert.deepEqual(await peer.ended(), []);
    });
    assert.equal((await client().putFile(new Uint8Array())).bytes, 0);
  }),
);

test(
  "what ends early, cannot be read or is given up is aborted at the node",
  withFake(async ({ play, client }) => {
    let aborted = 0;
    const script = async (peer) => {
      await peer.greet();
      for (let message; (message = await peer.read()) !== null; ) {
        if (message[2] === "put_file") {
          peer.tell("progress", message[1], { received: 0, window: 10 });
        } else if (message[2] === "abort") {
          peer.fail(message[3][0], "aborted");
          peer.answer(message[1], true);
          aborted++;
        }
      }
    };
    play(script);
    const node = client();
    await assert.rejects(node.putFile([Buffer.from("abc")], { size: 9 }), {
      name: "InputError",
      message: "put_file: the source ended after 3 of 9 bytes",
    });
    const torn = new Readable({
      read() {
        this.destroy(new Error("the disk is torn"));
      },
    });
    await assert.rejects(node.putFile(torn), /the disk is torn/);
    await assert.rejects(node.putFile("/no/such/file"), { code: "ENOENT" });
    await assert.rejects(node.putFile(17), skad.InputError);
    const controller = new AbortController();
    const onProgress = () => setImmediate(() => controller.abort(new Error("enough")));
    await assert.rejects(node.putFile(Buffer.alloc(100), { signal: controller.signal, onProgress }), /enough/);
    assert.equal(aborted, 3);
  }),
);

test(
  "an error of the program's own function ends this transfer and no other",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const watch = await peer.request("subscribe_status");
      peer.tell("status", watch.msgid, { peers: 2 });
      const { msgid } = await peer.request("put_file");
      peer.tell("progress", msgid, { received: 0, window: 10 });
      let message;
      do {
        message = await peer.read();
      } while (message[0] === 2);
      assert.deepEqual(message.slice(2), ["abort", [msgid]]);
      peer.fail(msgid, "aborted");
      peer.answer(message[1], true);
      peer.tell("status", watch.msgid, { peers: 3 });
      await peer.ended();
    });
    const node = client();
    const statuses = node.watchStatus();
    await statuses.next();
    const onProgress = () => {
      throw new RangeError("mine");
    };
    await assert.rejects(node.putFile(Buffer.alloc(100), { onProgress }), { name: "RangeError", message: "mine" });
    assert.equal((await statuses.next()).value.peers, 3);
  }),
);

test(
  "the node's error ends an upload at once",
  withFake(async ({ play, client }) => {
    play(
      async (peer) => {
        await peer.greet();
        const { msgid } = await peer.request("put_file");
        peer.tell("progress", msgid, { received: 0, window: 500 });
        await peer.notified("chunk");
        peer.fail(msgid, "refused", "piece 1 found no holder");
        await peer.ended();
      },
      async (peer) => {
        await peer.greet();
        const { msgid } = await peer.request("put_file");
        peer.tell("progress", msgid, { received: 0, window: 500 });
        await peer.notified("chunk");
      },
    );
    await assert.rejects(client().putFile(Buffer.alloc(100_000)), /piece 1 found no holder/);
    await assert.rejects(client().putFile(Buffer.alloc(100_000)), skad.DisconnectedError);
  }),
);

const content = randomBytes(4500);

/** Sends the file; at most 2000 bytes that are not acknowledged. */
async function sends(peer) {
  await peer.greet();
  const { msgid, params } = await peer.request("get_file");
  assert.deepEqual(params, [KEY, 0]);
  peer.tell("progress", msgid, { size: content.length });
  let sent = 0;
  let acked = 0;
  while (sent < content.length) {
    for (; sent < content.length && sent - acked < 2000; sent += 500) {
      peer.tell("chunk", msgid, content.subarray(sent, sent + 500));
    }
    if (sent < content.length) {
      const [number, bytes] = await peer.notified("ack");
      assert.equal(number, msgid);
      assert.ok(bytes <= sent && bytes > acked);
      acked = bytes;
    }
  }
  peer.answer(msgid, { api: 1, key: KEY, bytes: content.length, pieces: 5 });
  await peer.ended();
}

test(
  "a file goes to a path, a stream or a loop",
  withFake(async ({ fake, play, client }) => {
    play(sends, sends, sends);
    const file = path.join(fake.folder, "file");
    assert.equal((await client().getFile(KEY, file)).bytes, content.length);
    assert.equal(bytesOf(readFileSync(file)), bytesOf(content));
    assert.equal(statSync(file).mode & 0o777, 0o666 & ~process.umask());
    assert.deepEqual(readdirSync(fake.folder).sort(), ["file", "s"]);

    const written = [];
    const target = new Writable({
      highWaterMark: 100,
      write(chunk, _, done) {
        written.push(chunk);
        setImmediate(done);
      },
    });
    let size;
    const onProgress = (now) => (size = now.size);
    await client().getFile(KEY, target, { onProgress });
    await new Promise((resolve) => target.end(resolve));
    assert.equal(bytesOf(Buffer.concat(written)), bytesOf(content));
    assert.equal(size, content.length);

    const parts = [];
    const download = client().readFile(KEY);
    for await (const part of download) {
      parts.push(part);
    }
    assert.equal(bytesOf(Buffer.concat(parts)), bytesOf(content));
    assert.equal(download.result.pieces, 5);
  }),
);

test(
  "a download goes on where it stopped",
  withFake(async ({ play, client }) => {
    play(
      async (peer) => {
        await peer.greet();
        const { msgid, params } = await peer.request("get_file");
        assert.deepEqual(params, [KEY, 100, 1000]);
        peer.tell("chunk", msgid, Buffer.alloc(300, "a"));
        peer.tell("chunk", msgid, Buffer.alloc(300, "b"));
      },
      async (peer) => {
        await peer.greet();
        const { msgid, params } = await peer.request("get_file");
        assert.deepEqual(params, [KEY, 700, 400]);
        peer.tell("chunk", msgid, Buffer.alloc(400, "c"));
        peer.answer(msgid, { key: KEY, bytes: 400 });
        await peer.ended();
      },
    );
    const parts = [];
    for await (const part of client().readFile(KEY, { offset: 100, length: 1000 })) {
      parts.push(Buffer.from(part));
    }
    assert.equal(Buffer.concat(parts).toString(), "a".repeat(300) + "b".repeat(300) + "c".repeat(400));
  }),
);

test(
  "it is whole when the connection breaks after the last byte",
  withFake(async ({ play, client }) => {
    play(
      async (peer) => {
        await peer.greet();
        const { msgid } = await peer.request("get_file");
        peer.tell("progress", msgid, { size: 500, sent: 500, pieces: 2, window: 9 });
        peer.tell("chunk", msgid, Buffer.alloc(500));
      },
      async (peer) => {
        await peer.greet();
        peer.tell("chunk", (await peer.request("get_file")).msgid, Buffer.alloc(100));
      },
    );
    const target = new Writable({ write: (chunk, _, done) => done() });
    const result = await client().getFile(Buffer.from(KEY, "hex"), target);
    assert.deepEqual(result, { api: 1, key: KEY, size: 500, bytes: 500, pieces: 2 });
    assert.equal((await client().getFile(KEY, target, { length: 100 })).bytes, 100);
  }),
);

test(
  "no more files than the node takes",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet({ limits: { files: 2, chunk_bytes: 1000 } });
      peer.answer((await peer.request("get_file")).msgid, { key: KEY, bytes: 0 });
      let next = peer.read();
      for (let served = 0; served < 6; served += 2) {
        const waiting = [(await next)[1], (await peer.request("get_file")).msgid];
        next = peer.read();
        const early = await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 50, "none"))]);
        assert.equal(early, "none");
        waiting.forEach((msgid) => peer.answer(msgid, { key: KEY, bytes: 0 }));
      }
      await next;
    });
    const node = client();
    const target = new Writable({ write: (chunk, _, done) => done() });
    await node.getFile(KEY, target); // it knows the bounds now
    await Promise.all(Array.from({ length: 6 }, () => node.getFile(KEY, target)));
  }),
);

test(
  "a failure leaves no file and does not touch the old one",
  withFake(async ({ fake, play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("get_file");
      peer.tell("chunk", msgid, Buffer.alloc(500));
      peer.fail(msgid, "not_found", "piece 7 is missing", { piece: KEY });
      await peer.ended();
    });
    const file = path.join(fake.folder, "file");
    writeFileSync(file, "old");
    await assert.rejects(client().getFile(KEY, file), { message: /piece 7/, piece: KEY });
    assert.equal(readFileSync(file, "utf8"), "old");
    assert.deepEqual(readdirSync(fake.folder).sort(), ["file", "s"]);
  }),
);

test(
  "leaving the loop aborts a download",
  withFake(async ({ play, client }) => {
    const aborted = event();
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("get_file");
      peer.tell("chunk", msgid, Buffer.alloc(500));
      const end = await peer.request("abort");
      assert.deepEqual(end.params, [msgid]);
      peer.fail(msgid, "aborted");
      peer.answer(end.msgid, true);
      aborted.set();
      await peer.ended();
    });
    for await (const part of client().readFile(KEY)) {
      assert.equal(part.length, 500);
      break;
    }
    await aborted.happened;
  }),
);
