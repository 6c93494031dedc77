// What goes on until it is ended: watches, events, the status every few seconds.
//
// A stream is an async iterator. It begins with its first item, and comes back by itself after the connection broke: the
// node is asked again, and what it repeats of before is left out. A consumer that is slower than the node holds up nothing:
// of a watch or a status only the latest is of use, so it replaces the one before; of events the oldest give way, and an
// event `lost` says how many.

import { DisconnectedError } from "./errors.js";
import { bounded, deferred, unlessAborted } from "./waiting.js";

export const EVENTS_MAX = 1024;
const END_MS = 5000; // for the node to say that it ended a stream

export class Stream {
  #link;
  #method;
  #params;
  #ender;
  #capacity;
  #same;
  #signal;
  #items = [];
  #lost = 0;
  #last;
  #resumed = false;
  #connection = null;
  #msgid = 0;
  #answer = null; // {done, error} of the request under way
  #arrived = deferred();
  #ended = false;

  constructor(link, method, params, { ender, capacity = 1, same = null, signal }) {
    this.#link = link;
    this.#method = method;
    this.#params = params;
    this.#ender = ender;
    this.#capacity = capacity;
    this.#same = same;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  #abort = () => this.end();

  [Symbol.asyncIterator]() {
    return this;
  }

  /** The next item. With `timeoutMs`: NoAnswerError if none comes in time, after which the stream goes on. */
  async next({ timeoutMs } = {}) {
    const limit = { signal: this.#signal, timeoutMs, method: this.#method, message: `nothing came in ${timeoutMs} ms` };
    return bounded(limit, (signal) => this.#next(signal));
  }

  /** Ends the stream, here and at the node; `for await` calls it when the loop is left. */
  async return(value) {
    await this.end();
    return { done: true, value };
  }

  async end() {
    this.#ended = true;
    this.#items = [];
    this.#lost = 0;
    this.#arrived.resolve();
    this.#signal?.removeEventListener("abort", this.#abort);
    const connection = this.#connection;
    this.#connection = null;
    if (!connection || connection.broken) {
      return;
    }
    connection.abandon(this.#msgid);
    try {
      await bounded({ timeoutMs: END_MS }, (signal) => connection.call(this.#ender, [this.#msgid], { signal }));
    } catch {
      // it ended by itself, or with the connection
    }
  }

  async #next(signal) {
    for (;;) {
      if (this.#lost > 0) {
        const count = this.#lost;
        this.#lost = 0;
        return { done: false, value: { kind: "lost", count } };
      }
      if (this.#items.length > 0) {
        return { done: false, value: this.#items.shift() };
      }
      if (this.#ended) {
        return { done: true, value: undefined };
      }
      if (!this.#connection) {
        try {
          await this.#begin(signal);
        } catch (error) {
          if (error instanceof DisconnectedError) {
            continue; // it stood for a moment
          }
          throw error;
        }
      }
      if (this.#items.length === 0 && this.#answer && !this.#answer.done) {
        this.#arrived = deferred();
        await unlessAborted(this.#arrived.promise, signal);
      }
      if (this.#answer?.done && this.#items.length === 0 && this.#lost === 0) {
        this.#takeEnd();
      }
    }
  }

  async #begin(signal) {
    const connection = await this.#link.get(signal);
    if (this.#ended) {
      return;
    }
    this.#resumed = this.#last !== undefined;
    const { msgid, answer } = await connection.send(this.#method, this.#params, (_, value) => this.#take(value));
    const state = { done: false, error: null };
    const end = (error) => {
      state.done = true;
      state.error = error;
      this.#arrived.resolve();
    };
    answer.then(() => end(null), end);
    this.#msgid = msgid;
    this.#answer = state;
    this.#connection = connection;
    if (this.#ended) {
      await this.end();
    }
  }

  #take(value) {
    if (this.#ended) {
      return;
    }
    if (this.#same) {
      // After the node was asked again it reports what is, which may be what was.
      const repeated = this.#resumed && this.#last !== undefined && this.#same(this.#last, value);
      this.#resumed = false;
      if (repeated) {
        return;
      }
      this.#last = value;
    }
    if (this.#items.length >= this.#capacity) {
      this.#items.shift();
      if (this.#capacity > 1) {
        this.#lost++;
      }
    }
    this.#items.push(value);
    this.#arrived.resolve();
  }

  #takeEnd() {
    const { error } = this.#answer;
    this.#connection = null;
    this.#answer = null;
    if (error instanceof DisconnectedError) {
      return; // the next round begins it anew
    }
    this.#ended = true;
    if (error) {
      throw error;
    }
  }
}

const sameBytes = (one, other) => Buffer.compare(one, other) === 0;

export const sameRecord = (before, after) =>
  before.sequence === after.sequence && sameBytes(before.value, after.value);

export function sameProviders(before, after) {
  const listed = (result) =>
    result.providers.map((each) => `${each.publisher} ${each.sequence} ${each.endpoint}`).sort().join("\n");
  return listed(before) === listed(after);
}
