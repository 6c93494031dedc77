// Promises that can be given up, and a gate that lets in only so many at once.

import { NoAnswerError } from "./errors.js";

const TIMER_MAX_MS = 2 ** 31 - 1; // a longer one would go off at once

export function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => {}); // an error that nothing waits for any more is no reason to end the program
  return made;
}

/** The promise, or a rejection with the signal's reason as soon as it is aborted. */
export function unlessAborted(promise, signal) {
  if (!signal) {
    return promise;
  }
  if (signal.aborted) {
    Promise.resolve(promise).catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const clean = () => signal.removeEventListener("abort", abort);
    Promise.resolve(promise).then(
      (value) => (clean(), resolve(value)),
      (error) => (clean(), reject(error)),
    );
  });
}

/** Runs `what` with a signal that is aborted by the caller's signal, or after so many milliseconds. */
export async function bounded({ signal, timeoutMs, method, message }, what) {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const expire = () => controller.abort(new NoAnswerError(message ?? `the node gave no answer in ${timeoutMs} ms`, { method }));
  const timer = timeoutMs === undefined || timeoutMs > TIMER_MAX_MS ? undefined : setTimeout(expire, timeoutMs);
  try {
    return await what(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

export function pause(ms, signal) {
  const done = deferred();
  const timer = setTimeout(done.resolve, ms);
  return unlessAborted(done.promise, signal).finally(() => clearTimeout(timer));
}

/** Lets in as many as `limit` says at the time; the others wait in turn. */
export class Gate {
  #limit;
  #inside = 0;
  #waiters = [];

  constructor(limit) {
    this.#limit = limit;
  }

  async run(signal, what) {
    while (this.#inside >= this.#limit()) {
      const waiter = deferred();
      this.#waiters.push(waiter);
      try {
        await unlessAborted(waiter.promise, signal);
      } catch (error) {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) {
          this.#waiters.splice(at, 1);
        } else {
          this.#wake(); // its turn goes to the next
        }
        throw error;
      }
    }
    this.#inside++;
    try {
      return await what();
    } finally {
      this.#inside--;
      this.#wake();
    }
  }

  #wake() {
    this.#waiters.shift()?.resolve();
  }
}
