// What comes over a connection, right and wrong.

import assert from "node:assert/strict";
import test from "node:test";

import * as skad from "skad";
import { encode } from "@msgpack/msgpack";

import { withFake } from "./fake.js";

const KEY = "aa".repeat(32);

test(
  "answers in any order reach their calls",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const first = await peer.request("get");
      const second = await peer.request("get");
      peer.answer(second.msgid, { value: new Uint8Array([2]) });
      peer.answer(first.msgid, { value: new Uint8Array([1]) });
      await peer.ended();
    });
    const node = client();
    const values = await Promise.all([node.get(KEY), node.get(KEY)]);
    assert.deepEqual(values.map((each) => each.value[0]), [1, 2]);
  }),
);

test(
  "parameters are positional, and the rest is left out",
  withFake(async ({ play, client }) => {
    const expected = [
      ["publish", ["v", null, null, 7]],
      ["publish", ["v", "s", 3, null, null, false]],
      ["records", ["held", null, 10]],
      ["ban", ["192.0.2.1"]],
      ["get", [Buffer.alloc(32)]],
      ["get_file", [KEY, 0]],
      ["put_file", [null]], // it has no default
    ];
    play(async (peer) => {
      await peer.greet();
      for (const [method, wanted] of expected) {
        const { msgid, params } = await peer.request(method);
        assert.deepEqual(params, wanted);
        peer.answer(msgid, {});
      }
      await peer.ended();
    });
    const node = client();
    await node.publish("v", { cas: 7 });
    await node.publish("v", { salt: "s", sequence: 3, keep: false });
    await node.records({ max: 10 });
    await node.ban("192.0.2.1");
    await node.get(new Uint8Array(32));
    await node.call("get_file", { key: KEY, offset: 0 });
    await node.call("put_file", { size: null });
  }),
);

test(
  "numbers are exact, beyond 32 and beyond 53 bits",
  withFake(async ({ play, client }) => {
    const cases = [2 ** 32, Date.UTC(2026, 0, 1), 2n ** 64n - 1n, 7n];
    play(async (peer) => {
      await peer.greet();
      for (const number of cases) {
        const { msgid, params } = await peer.request("publish");
        assert.equal(params[2], BigInt(number)); // what is no integer of 64 bits comes as a number here
        peer.raw(encode([1, msgid, null, { sequence: BigInt(number) }], { useBigInt64: true }));
      }
      await peer.ended();
    });
    const node = client();
    for (const number of cases) {
      const { sequence } = await node.publish("v", { sequence: number });
      assert.equal(BigInt(sequence), BigInt(number));
      assert.equal(typeof sequence, number > 2n ** 53n ? "bigint" : "number");
    }
  }),
);

test(
  "a message may come byte by byte",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("status");
      peer.socket.setNoDelay?.(true);
      for (const byte of encode([1, msgid, null, { id: "x".repeat(100) }])) {
        peer.raw(new Uint8Array([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await peer.ended();
    });
    assert.equal((await client().status()).id, "x".repeat(100));
  }),
);

const rubbish = {
  "no msgpack": Buffer.from([0xc1, 0xc1]),
  "a number": Buffer.from([7]),
  "an empty array": Buffer.from([0x90]),
  "a short response": encode([1, 1, null]),
  "a message of another type": encode([9, 1]),
  "2 GiB announced": Buffer.from([0xc6, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]),
  "4 billion elements announced": Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  "an HTTP server": Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
};
for (const [label, data] of Object.entries(rubbish)) {
  test(
    `what is no protocol is an error of that name: ${label}`,
    withFake(async ({ play, client }) => {
      play(async (peer) => {
        await peer.greet();
        await peer.request("status");
        peer.raw(data);
        await peer.ended();
      });
      await assert.rejects(client().status(), skad.ProtocolError);
    }),
  );
}

test(
  "a message without end is bounded",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      await peer.request("status");
      const nested = Buffer.alloc(1 << 20, 0x91);
      for (let sent = 0; sent < 5 && !peer.socket.destroyed; sent++) {
        await new Promise((resolve) => peer.socket.write(nested, resolve));
      }
      await peer.ended();
    });
    await assert.rejects(client().status(), skad.ProtocolError);
  }),
);

test(
  "each error of the node has its class",
  withFake(async ({ play, client }) => {
    const kinds = [
      skad.MethodError, skad.ParamsError, skad.InputError, skad.NotFoundError, skad.RefusedError, skad.TimedOutError,
      skad.StorageError, skad.BusyError, skad.DeniedError, skad.VersionError, skad.AbortedError,
    ];
    play(async (peer) => {
      await peer.greet();
      for (const { code } of kinds) {
        peer.fail((await peer.request("put")).msgid, code);
      }
      await peer.ended();
    });
    const node = client();
    for (const kind of kinds) {
      await assert.rejects(node.put("v"), (error) => {
        assert.equal(error.constructor, kind);
        assert.deepEqual([error.code, error.method, error.message], [kind.code, "put", "put: so it is"]);
        return error instanceof skad.SkadError;
      });
    }
  }),
);

test(
  "errors of odd shape",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const more = { parameter: "value", index: 0, expected: "1 to 1000 bytes" };
      peer.fail((await peer.request("put")).msgid, "tired", "so it is", more);
      peer.send([1, (await peer.request("put")).msgid, 17, null]);
      peer.fail((await peer.request("put")).msgid, 3, "so it is", { index: "x" });
      await peer.ended();
    });
    const node = client();
    await assert.rejects(node.put("v"), {
      name: "SkadError", code: "tired", parameter: "value", index: 0,
      message: "put: so it is (expected: 1 to 1000 bytes)",
    });
    await assert.rejects(node.put("v"), skad.ProtocolError);
    await assert.rejects(node.put("v"), { code: "unknown", index: undefined });
  }),
);

test(
  "what cannot be sent harms no connection",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      peer.answer((await peer.request("status")).msgid, { joined: true });
      await peer.ended();
    });
    const node = client();
    await assert.rejects(node.put(new Uint8Array(5000)), /5012 bytes.*at most 4096/);
    await assert.rejects(node.put(() => 1), skad.InputError);
    await assert.rejects(node.put("v", { kep: true }), { name: "ParamsError", parameter: "kep", expected: "value, keep, forward" });
    await assert.rejects(node.call("dance"), skad.ParamsError);
    await assert.rejects(node.call("toString"), skad.ParamsError);
    assert.equal((await node.status()).joined, true);
  }),
);

test(
  "notifications of no interest are ignored",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      await peer.greet();
      const { msgid } = await peer.request("status");
      peer.tell("step", msgid, {});
      peer.tell("changed", 77, {});
      peer.send([2, "x", []]);
      peer.send([2, 5, [1, 2]]);
      peer.send([0, 1, "are you there", []]);
      peer.answer(99, "not asked for");
      peer.answer(msgid, { joined: true });
      await peer.ended();
    });
    assert.equal((await client().status()).joined, true);
  }),
);

test(
  "a node without hello does what it has",
  withFake(async ({ play, client }) => {
    play(async (peer) => {
      peer.fail((await peer.request("hello")).msgid, "method", "there is no such method");
      peer.answer((await peer.request("put")).msgid, { api: 1, key: KEY });
      peer.fail((await peer.request("batch")).msgid, "method", "there is no such method");
      await peer.ended();
    });
    const node = client();
    assert.equal((await node.put("v")).key, KEY);
    assert.deepEqual([node.hello.minor, node.hello.limits.value_bytes], [0, 1000]);
    await assert.rejects(node.batch([["status"]]), skad.MethodError);
  }),
);

test(
  "a node of another api",
  withFake(async ({ play, client }) => {
    play(
      async (peer) => {
        peer.fail((await peer.request("hello")).msgid, "version", "this node has api 2, not 1");
        await peer.ended();
      },
      async (peer) => {
        peer.answer((await peer.request("hello")).msgid, { api: 2 });
        await peer.ended();
      },
      async (peer) => {
        peer.fail((await peer.request("hello")).msgid, "method");
        peer.answer((await peer.request("status")).msgid, { api: 2, jiont: 1 });
        await peer.ended();
      },
    );
    for (const message of [/api 2, not 1/, /version 2 .* this client 1/]) {
      await assert.rejects(client({ waitMs: 10_000 }).open(), (error) => {
        assert.match(error.message, message);
        return error instanceof skad.VersionError;
      });
    }
    await assert.rejects(client().status(), skad.VersionError);
  }),
);

test(
  "a socket of something else, or with too many clients",
  withFake(async ({ play, client }) => {
    play(
      (peer) => peer.ended(),
      async (peer) => {
        peer.raw("220 mail.example ESMTP\r\n");
        await peer.ended();
      },
      async (peer) => peer.fail(0, "busy", "too many clients"),
    );
    await assert.rejects(client({ timeoutMs: 20 }).open(), skad.NoAnswerError);
    await assert.rejects(client({ waitMs: 10_000 }).open(), skad.ProtocolError);
    await assert.rejects(client().open(), /too many clients/);
  }),
);
