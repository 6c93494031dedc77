// The client: what a program sees.

import os from "node:os";
import path from "node:path";

import { DisconnectedError, ProtocolError, fromNode } from "./errors.js";
import { Download, save, upload } from "./files.js";
import { Link } from "./link.js";
import { OPERATIONS, REPEATABLE, positional } from "./methods.js";
import { EVENTS_MAX, Stream, sameProviders, sameRecord } from "./streams.js";
import { Gate, bounded } from "./waiting.js";

const TIMEOUT_MS = 65_000; // each operation of the node ends within 60 s
const PATIENCE_MS = 30_000;
const BACKOFF = { firstMs: 50, mostMs: 5000 };

/** The socket of the node of this user: SKAD_SOCKET, or ~/.skad/control.sock. */
export function defaultPath() {
  return process.env.SKAD_SOCKET || path.join(os.homedir(), ".skad", "control.sock");
}

/** Splits the options of a call into the arguments of the method and how to call it. */
function split({ signal, timeoutMs, ...rest } = {}) {
  return [rest, { signal, timeoutMs }];
}

export class Client {
  #timeoutMs;
  // Operations end by closing their connection: see link.js. Streams and files end by a request, and would keep a retired
  // connection for ever; so they have one of their own.
  #calls;
  #lasting;
  #gate;
  #files;

  constructor(options = {}) {
    const { path: given, timeoutMs = TIMEOUT_MS, waitMs = 0, patienceMs = PATIENCE_MS, name = "skad-js" } = options;
    this.path = given ?? defaultPath();
    this.#timeoutMs = timeoutMs;
    const backoff = { ...BACKOFF, ...options.backoff };
    const link = { path: this.path, name, waitMs, patienceMs, backoff, timeoutMs };
    this.#calls = new Link(link);
    this.#lasting = new Link(link);
    this.#gate = new Gate(() => Math.max(1, this.#calls.limits.operations));
    this.#files = new Gate(() => Math.max(1, this.#lasting.limits.files));
  }

  /** What the node said of itself when the client last connected. */
  get hello() {
    return this.#calls.hello;
  }

  /** Connects now, and not at the first call. */
  async open({ signal } = {}) {
    await this.#calls.get(signal);
    return this;
  }

  /** Closes the client. What is under way ends with ClosedError, and the node cancels it. */
  async close() {
    this.#calls.close();
    this.#lasting.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }

  /** Calls any method with named arguments; the methods below are this with types. */
  async call(method, given = {}, options = {}) {
    return this.#call(method, positional(method, given), options);
  }

  // ---- values, records, announcements ----

  async put(value, options) {
    const [{ keep = false, ...rest }, how] = split(options);
    return this.call("put", { value, keep, ...rest }, how);
  }

  async get(key, options) {
    const [rest, how] = split(options);
    return this.call("get", { key, ...rest }, how);
  }

  async store(record, options) {
    const [rest, how] = split(options);
    return this.call("store", { record, ...rest }, how);
  }

  async publish(value, options) {
    const [rest, how] = split(options);
    return this.call("publish", { value, ...rest }, how);
  }

  async resolve(publisher, options) {
    const [rest, how] = split(options);
    return this.call("resolve", { publisher, ...rest }, how);
  }

  async announce(key, options) {
    const [rest, how] = split(options);
    return this.call("announce", { key, ...rest }, how);
  }

  async providers(key, options) {
    const [rest, how] = split(options);
    return this.call("providers", { key, ...rest }, how);
  }

  async withdraw(key, options) {
    const [rest, how] = split(options);
    return this.call("withdraw", { key, ...rest }, how);
  }

  // ---- streams ----

  watchRecord(publisher, { salt, everyS, signal } = {}) {
    const params = positional("watch_record", { publisher, salt, everyS });
    return new Stream(this.#lasting, "watch_record", params, { ender: "unwatch", same: sameRecord, signal });
  }

  watchProviders(key, { everyS, signal } = {}) {
    const params = positional("watch_providers", { key, everyS });
    return new Stream(this.#lasting, "watch_providers", params, { ender: "unwatch", same: sameProviders, signal });
  }

  events({ kinds, signal } = {}) {
    const params = positional("subscribe_events", { kinds });
    return new Stream(this.#lasting, "subscribe_events", params, { ender: "unsubscribe", capacity: EVENTS_MAX, signal });
  }

  watchStatus({ everyS, signal } = {}) {
    const params = positional("subscribe_status", { everyS });
    return new Stream(this.#lasting, "subscribe_status", params, { ender: "unsubscribe", signal });
  }

  // ---- files ----

  async putFile(source, { size, keep = false, onProgress, signal } = {}) {
    return this.#files.run(signal, () => upload(this.#lasting, source, { size, keep, onProgress, signal }));
  }

  async getFile(key, target, options = {}) {
    return this.#files.run(options.signal, () => save(this.readFile(key, options), target));
  }

  readFile(key, options) {
    return new Download(this.#lasting, key, options);
  }

  // ---- the network and the node ----

  async ping(address, options) {
    const [rest, how] = split(options);
    return this.call("ping", { address, ...rest }, how);
  }

  async lookup(id, options) {
    const [rest, how] = split(options);
    return this.call("lookup", { id, ...rest }, how);
  }

  async trace(id, options) {
    const [{ onStep, ...rest }, how] = split(options);
    const notified = (name, value) => name === "step" && onStep?.(value);
    return this.#call("trace", positional("trace", { id, ...rest }), { notified, ...how });
  }

  async records(options) {
    const [{ section = "held", ...rest }, how] = split(options);
    return this.call("records", { section, ...rest }, how);
  }

  async bans(options) {
    return this.call("bans", ...split(options));
  }

  async ban(subject, options) {
    const [rest, how] = split(options);
    return this.call("ban", { subject, ...rest }, how);
  }

  async unban(subject, options) {
    const [rest, how] = split(options);
    return this.call("unban", { subject, ...rest }, how);
  }

  async allow(subject, options) {
    const [rest, how] = split(options);
    return this.call("allow", { subject, ...rest }, how);
  }

  async table(options) {
    return this.call("table", ...split(options));
  }

  async audit(options) {
    const [rest, how] = split(options);
    return this.call("audit", rest, how);
  }

  async health(options) {
    return this.call("health", ...split(options));
  }

  async status(options) {
    return this.call("status", ...split(options));
  }

  async batch(calls, options = {}) {
    const listed = [...calls];
    const requests = listed.map(([method, given]) => [method, positional(method, given)]);
    const answer = await this.#call("batch", requests, options);
    if (!Array.isArray(answer?.results) || answer.results.length !== listed.length) {
      throw new ProtocolError("the node answered another number of calls", { method: "batch" });
    }
    return answer.results.map(([error, result], index) => (error === null ? result : fromNode(error, listed[index][0])));
  }

  // ---- how a call runs ----

  async #call(method, params, { notified, signal: given, timeoutMs = this.#timeoutMs }) {
    return bounded({ signal: given, timeoutMs, method }, (signal) => {
      const ask = () => this.#ask(method, params, notified, signal);
      return OPERATIONS.has(method) ? this.#gate.run(signal, ask) : ask();
    });
  }

  async #ask(method, params, notified, signal) {
    for (;;) {
      let connection = null;
      try {
        connection = await this.#calls.get(signal);
        return await connection.call(method, params, { notified, signal });
      } catch (error) {
        if (signal.aborted) {
          if (connection && OPERATIONS.has(method)) {
            this.#calls.abandon(connection);
          }
          throw error;
        }
        if (!(error instanceof DisconnectedError)) {
          throw error;
        }
        if (!REPEATABLE.has(method)) {
          const message = "the connection to the node broke; whether it was done is not known: call again if that does no harm";
          throw new DisconnectedError(message, { method, cause: error });
        }
      }
    }
  }
}
