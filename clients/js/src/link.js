// A connection that comes back: opens it at need, says `hello`, waits longer after each failure.
//
// A node ends an operation only when the connection closes that asked for it. So when a call is given up, its connection
// is retired: new calls take a new one, and the old one closes with the last of its other calls. At most RETIRED_MAX wait
// so; beyond that the abandoned operation runs to its end, which comes within a minute.

import { API, connect } from "./connection.js";
import { BusyError, ClosedError, DisconnectedError, MethodError, NoAnswerError, ProtocolError, UnreachableError } from "./errors.js";
import { LIMITS_1_0 } from "./methods.js";
import { bounded, pause, unlessAborted } from "./waiting.js";

const HELLO_MS = 10_000; // a node answers at once; it may be starting, and its loop busy
const RETIRED_MAX = 4;
const PASSING = [UnreachableError, DisconnectedError, BusyError, NoAnswerError];

export class Link {
  hello = null; // of the last connection
  limits = LIMITS_1_0;
  #options;
  #current = null;
  #opening = null;
  #retired = new Set();
  #failures = 0;
  #wasUp = false;
  #closing = new AbortController();

  /** options: path, name, waitMs, patienceMs, backoff {firstMs, mostMs}, timeoutMs */
  constructor(options) {
    this.#options = options;
  }

  /** The connection that stands, or a new one. Those that wait for it wait together. */
  async get(signal) {
    this.#closing.signal.throwIfAborted();
    const current = this.#current;
    if (current && !current.broken) {
      return current;
    }
    if (current) {
      // Hanging up on us before any answer is as bad as not being there.
      this.#failures = current.answered ? 0 : this.#failures + 1;
      this.#current = null;
    }
    if (!this.#opening) {
      const opening = this.#open().finally(() => {
        this.#opening = null;
      });
      opening.catch(() => {});
      this.#opening = opening;
    }
    return unlessAborted(this.#opening, signal);
  }

  /** A call over this connection was given up. */
  abandon(connection) {
    if (connection !== this.#current) {
      return;
    }
    if (this.#retired.size < RETIRED_MAX || connection.live === 0) {
      this.#current = null;
      this.#retired.add(connection);
      connection.closeWhenIdle(() => this.#retired.delete(connection));
    }
  }

  close() {
    this.#closing.abort(new ClosedError("this client is closed"));
    for (const each of [this.#current, ...this.#retired]) {
      each?.close();
    }
    this.#current = null;
  }

  async #open() {
    const { waitMs, patienceMs } = this.#options;
    const deadline = performance.now() + (this.#wasUp ? patienceMs : waitMs);
    for (;;) {
      if (this.#failures > 0) {
        const left = Math.max(0, deadline - performance.now());
        await pause(Math.min(this.#delay(), left), this.#closing.signal);
      }
      try {
        const connection = await this.#connect();
        this.#current = connection;
        this.#wasUp = true;
        return connection;
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        this.#failures++;
        const passing = PASSING.some((kind) => error instanceof kind) && error.cause?.code !== "EACCES";
        if (!passing || performance.now() >= deadline) {
          throw error;
        }
      }
    }
  }

  /** Twice as long after each failure; half of it by chance, so that many clients do not come back at the same moment. */
  #delay() {
    const { firstMs, mostMs } = this.#options.backoff;
    return Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures - 1, 30)) * (0.5 + Math.random() / 2);
  }

  async #connect() {
    const { path, name, timeoutMs } = this.#options;
    const connection = await connect(path);
    try {
      const limit = {
        signal: this.#closing.signal,
        timeoutMs: Math.min(HELLO_MS, timeoutMs),
        method: "hello",
        message: `the node at ${path} does not answer`,
      };
      this.hello = await bounded(limit, (signal) => greet(connection, name, signal));
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.answered = false;
    this.limits = this.hello.limits;
    connection.requestBytes = this.limits.request_bytes;
    return connection;
  }
}

async function greet(connection, name, signal) {
  let hello;
  try {
    hello = await connection.call("hello", [name, API], { signal });
  } catch (error) {
    if (!(error instanceof MethodError)) {
      throw error;
    }
    hello = { api: 1, minor: 0 }; // before 1.1: it does what it has
  }
  if (hello === null || typeof hello !== "object" || Array.isArray(hello)) {
    throw new ProtocolError(`the answer is no map: ${hello}`, { method: "hello" });
  }
  return { ...hello, limits: { ...LIMITS_1_0, ...hello.limits } };
}
