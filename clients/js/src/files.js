// Files of any size, piece by piece: neither the client nor the daemon ever has one whole.
//
// The daemon opens no path, as it may be another user and is locked in; so the client opens the file and sends its bytes,
// no more than the node has room for. What is fetched was verified by the node before; the client acknowledges it once
// it is taken, and the node sends on.

import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, stat, unlink } from "node:fs/promises";
import { once } from "node:events";

import { DisconnectedError, InputError } from "./errors.js";
import { positional } from "./methods.js";
import { bounded, deferred, unlessAborted } from "./waiting.js";

const BLOCK_BYTES = 1 << 18; // read or written at once
const ACK_BYTES = 1 << 14;
const ABORT_MS = 5000;

const isPath = (value) => typeof value === "string" || value instanceof URL;

/** Any source as {size, blocks}; size is null if only reading tells. */
async function opened(source, size) {
  if (isPath(source)) {
    const { size: found } = await stat(source);
    return { size: size ?? found, blocks: createReadStream(source, { highWaterMark: BLOCK_BYTES }) };
  }
  if (source instanceof Uint8Array) {
    return { size: size ?? source.length, blocks: [source] };
  }
  if (source?.[Symbol.asyncIterator] || source?.[Symbol.iterator]) {
    return { size: size ?? null, blocks: source };
  }
  throw new InputError("this cannot be read", {
    method: "put_file",
    parameter: "source",
    expected: "a path, a Uint8Array, a stream or an iterable of Uint8Array",
  });
}

/** The bytes of the blocks, `size` of them at most. */
async function* upTo(size, blocks) {
  let left = size ?? Infinity;
  for await (const block of blocks) {
    const bytes = typeof block === "string" ? Buffer.from(block) : block;
    yield bytes.subarray(0, left);
    left -= Math.min(left, bytes.length);
    if (left === 0) {
      return;
    }
  }
}

export async function upload(link, source, { size: given, keep, onProgress, signal }) {
  signal?.throwIfAborted();
  const { size, blocks } = await opened(source, given);
  const connection = await link.get(signal);
  const window = new Window(onProgress);
  const params = positional("put_file", { size, keep });
  const { msgid, answer } = await connection.send("put_file", params, window.take);
  answer.then(window.close, window.close);
  try {
    let sent = 0;
    for await (let block of size === 0 ? [] : upTo(size, blocks)) {
      while (block.length > 0 && !window.closed) {
        const room = await window.room(sent, signal);
        const part = block.subarray(0, Math.min(room, link.limits.chunk_bytes));
        block = block.subarray(part.length);
        if (part.length > 0) {
          await connection.notify("chunk", msgid, part);
          sent += part.length;
        }
      }
      if (window.closed) {
        break;
      }
    }
    if (size !== null && sent < size && !window.closed) {
      throw new InputError(`the source ended after ${sent} of ${size} bytes`, { method: "put_file" });
    }
    if (size === null && !window.closed) {
      await connection.notify("chunk", msgid, new Uint8Array());
    }
    return await unlessAborted(answer, signal);
  } catch (error) {
    await abort(connection, msgid);
    if (error instanceof DisconnectedError) {
      const message = "the connection to the node broke; what is stored by now stays: put the file again to complete it";
      throw new DisconnectedError(message, { method: "put_file", cause: error });
    }
    throw error;
  }
}

/** How much of an upload the node has room for. */
class Window {
  closed = false;
  #onProgress;
  #until = 0;
  #changed = deferred();

  constructor(onProgress) {
    this.#onProgress = onProgress;
  }

  take = (name, value) => {
    if (name === "progress" && value !== null && typeof value === "object") {
      this.#until = (value.received ?? 0) + (value.window ?? 0);
      this.#changed.resolve();
      this.#onProgress?.(value);
    }
  };

  close = () => {
    this.closed = true;
    this.#changed.resolve();
  };

  /** Waits until more may be sent, and tells how much: 0 only if it is over. */
  async room(sent, signal) {
    while (this.#until <= sent && !this.closed) {
      this.#changed = deferred();
      await unlessAborted(this.#changed.promise, signal);
    }
    return this.closed ? 0 : this.#until - sent;
  }
}

/** The bytes of a file, in order, as an async iterator. After the connection broke it goes on where it stopped. `result`
 * is there at its end. */
export class Download {
  result = null;
  #link;
  #key;
  #offset;
  #length;
  #onProgress;
  #signal;
  #resume; // whether a connection that broke is no end
  #taken = 0; // bytes given to the consumer, over all connections
  #acked = 0; // bytes acknowledged over this one
  #unacked = 0;
  #seen = {}; // the last progress
  #chunks = [];
  #arrived = deferred();
  #connection = null;
  #msgid = 0;
  #answer = null;

  constructor(link, key, { offset = 0, length = null, onProgress, signal, resume = true } = {}) {
    this.#link = link;
    this.#key = key;
    this.#offset = offset;
    this.#length = length;
    this.#onProgress = onProgress;
    this.#signal = signal;
    this.#resume = resume;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async next() {
    try {
      return await this.#next();
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Ends the transfer, here and at the node; `for await` calls it when the loop is left. */
  async return(value) {
    await this.end();
    return { done: true, value };
  }

  async end() {
    const connection = this.#connection;
    this.#connection = null;
    if (connection) {
      await abort(connection, this.#msgid);
    }
  }

  async #next() {
    for (;;) {
      this.#signal?.throwIfAborted();
      try {
        if (!this.#connection && !this.result) {
          await this.#begin();
        }
        await this.#acknowledge();
      } catch (error) {
        if (!(error instanceof DisconnectedError)) {
          throw error;
        }
        if (!this.#answer) {
          continue;
        }
      }
      if (this.#chunks.length > 0) {
        const value = this.#chunks.shift();
        this.#taken += value.length;
        this.#unacked += value.length;
        return { done: false, value };
      }
      if (this.result) {
        return { done: true, value: undefined };
      }
      if (!this.#answer.done) {
        this.#arrived = deferred();
        await unlessAborted(this.#arrived.promise, this.#signal);
      } else if (this.#chunks.length === 0) {
        this.#takeEnd();
      }
    }
  }

  async #begin() {
    this.#answer = null;
    const connection = await this.#link.get(this.#signal);
    const length = this.#length === null ? null : this.#length - this.#taken;
    this.#acked = this.#unacked = 0;
    const params = positional("get_file", { key: this.#key, offset: this.#offset + this.#taken, length });
    const { msgid, answer } = await connection.send("get_file", params, this.#take);
    const state = { done: false, error: null, value: null };
    const end = (error, value) => {
      Object.assign(state, { done: true, error, value });
      this.#arrived.resolve();
    };
    answer.then((value) => end(null, value), end);
    this.#msgid = msgid;
    this.#answer = state;
    this.#connection = connection;
  }

  /** Tells the node what was taken: when nothing is left here, or much was taken, so that it need not wait. */
  async #acknowledge() {
    if (this.#chunks.length > 0 && this.#unacked < ACK_BYTES) {
      return;
    }
    if (this.#unacked > 0 && this.#connection && !this.#answer.done) {
      this.#acked += this.#unacked;
      this.#unacked = 0;
      await this.#connection.notify("ack", this.#msgid, this.#acked);
    }
  }

  #take = (name, value) => {
    if (name === "chunk" && value instanceof Uint8Array) {
      this.#chunks.push(value);
      this.#arrived.resolve();
    } else if (name === "progress") {
      this.#seen = value ?? {};
      this.#onProgress?.(value);
    }
  };

  #takeEnd() {
    const { error, value } = this.#answer;
    this.#connection = null;
    if (error instanceof DisconnectedError && this.#resume) {
      if (this.#all()) {
        this.result = this.#summary({ api: 1, size: this.#taken, pieces: 0, ...this.#seen });
      }
      return; // else the next round asks for the rest
    }
    if (error) {
      throw error;
    }
    this.result = this.#summary(value);
  }

  /** Whether the connection broke after the last byte. */
  #all() {
    return this.#taken === this.#length || this.#offset + this.#taken >= (this.#seen.size ?? Infinity);
  }

  /** The result over all connections: the node knows only the last one. */
  #summary({ sent: _sent, window: _window, ...result }) {
    const key = typeof this.#key === "string" ? this.#key.toLowerCase() : Buffer.from(this.#key).toString("hex");
    return { ...result, key, bytes: this.#taken };
  }
}

/** Ends a transfer at the node, if it is not over. */
async function abort(connection, msgid) {
  if (connection.broken || !connection.pending(msgid)) {
    return;
  }
  connection.abandon(msgid);
  try {
    await bounded({ timeoutMs: ABORT_MS }, (signal) => connection.call("abort", [msgid], { signal }));
  } catch {
    // it ended by itself, or with the connection
  }
}

/** Writes what is fetched into a stream, which stays open, or into a file that has its name only once it is whole. */
export async function save(download, target) {
  if (!isPath(target)) {
    for await (const chunk of download) {
      if (!target.write(chunk)) {
        await once(target, "drain");
      }
    }
    return download.result;
  }
  const path = target instanceof URL ? (await import("node:url")).fileURLToPath(target) : target;
  const part = `${path}.${randomBytes(6).toString("hex")}.part`;
  const file = await open(part, "wx");
  try {
    let blocks = [];
    let bytes = 0;
    const flush = async () => {
      await file.writeFile(Buffer.concat(blocks));
      blocks = [];
      bytes = 0;
    };
    for await (const chunk of download) {
      blocks.push(chunk);
      bytes += chunk.length;
      if (bytes >= BLOCK_BYTES) {
        await flush();
      }
    }
    await flush();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => {});
    await download.end();
    await unlink(part).catch(() => {});
    throw error;
  }
  return download.result;
}
