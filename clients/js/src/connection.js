// One connection to a node: requests out, responses and notifications in.
//
// It knows msgpack-rpc and no method. Reading never waits for a consumer, so a slow one holds up no other call. When the
// connection ends, all that waits for an answer ends with one error. While nothing waits, it does not keep the program
// from ending.

import net from "node:net";

import { Decoder, Encoder } from "@msgpack/msgpack";

import {
  ClosedError,
  DisconnectedError,
  InputError,
  ProtocolError,
  SkadError,
  UnreachableError,
  VersionError,
  fromNode,
} from "./errors.js";
import { deferred, unlessAborted } from "./waiting.js";

export const API = 1; // of the interface that this client speaks
const MESSAGE_MAX = 4 << 20; // bytes; a node's longest has 1 MiB
const LENGTHS = { maxStrLength: MESSAGE_MAX, maxBinLength: MESSAGE_MAX, maxArrayLength: 1 << 20, maxMapLength: 1 << 16 };

const encoder = new Encoder({ useBigInt64: true });

export class Connection {
  broken = null; // what ended it; null while it stands
  answered = false; // whether it ever brought a response
  requestBytes = 4096;
  #socket;
  #waiting = new Map(); // msgid: {method, answer, notified, abandoned}
  #live = 0;
  #msgid = 0;
  #onIdle = null;

  constructor(socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // reading meets it, too
    socket.unref();
    this.#read();
  }

  /** How many requests something still waits for. */
  get live() {
    return this.#live;
  }

  /** Sends a request; returns its msgid, and the promise of its result. */
  async send(method, params, notified = null) {
    if (this.broken) {
      throw this.#lost(method);
    }
    this.#msgid = (this.#msgid % 0xffffffff) + 1;
    const msgid = this.#msgid;
    const message = pack([0, msgid, method, params], method);
    if (message.length > this.requestBytes) {
      const expected = `at most ${this.requestBytes} bytes`;
      throw new InputError(`the request has ${message.length} bytes`, { method, expected });
    }
    const answer = deferred();
    this.#waiting.set(msgid, { method, answer, notified, abandoned: false });
    this.#count(1);
    await this.#write(message, method);
    return { msgid, answer: answer.promise };
  }

  /** Sends a request and waits for its result. If the signal is aborted, the request is abandoned. */
  async call(method, params, { notified = null, signal } = {}) {
    signal?.throwIfAborted();
    const { msgid, answer } = await this.send(method, params, notified);
    try {
      return await unlessAborted(answer, signal);
    } catch (error) {
      this.abandon(msgid);
      throw error;
    }
  }

  /** Tells the node something about a request that is under way. */
  async notify(method, msgid, value) {
    if (this.broken) {
      throw this.#lost(method);
    }
    await this.#write(pack([2, method, [msgid, value]], method), method);
  }

  /** Whether the node has not answered it yet. */
  pending(msgid) {
    return this.#waiting.has(msgid);
  }

  /** Its answer is wanted no more. */
  abandon(msgid) {
    const waiting = this.#waiting.get(msgid);
    if (waiting && !waiting.abandoned) {
      waiting.abandoned = true;
      waiting.notified = null;
      this.#count(-1);
    }
  }

  /** Closes as soon as each request has its answer or is abandoned: the node cancels the abandoned ones then. */
  closeWhenIdle(then) {
    this.#onIdle = then;
    this.#count(0);
  }

  /** Ends the connection. The node cancels what is under way. */
  close() {
    this.#fail(new ClosedError("this client is closed"));
  }

  #count(change) {
    this.#live += change;
    if (this.#live > 0) {
      this.#socket.ref();
      return;
    }
    this.#socket.unref();
    if (this.#onIdle) {
      const then = this.#onIdle;
      this.#onIdle = null;
      this.close();
      then();
    }
  }

  async #write(message, method) {
    if (this.#socket.write(message) || this.broken) {
      return;
    }
    const drained = deferred();
    this.#socket.once("drain", drained.resolve);
    this.#socket.once("close", drained.resolve);
    await drained.promise;
    this.#socket.off("drain", drained.resolve);
    this.#socket.off("close", drained.resolve);
    if (this.broken) {
      throw this.#lost(method);
    }
  }

  #lost(method) {
    const { constructor: Kind, detail, code } = this.broken;
    return new Kind(detail, { code, method });
  }

  #fail(error) {
    if (this.broken) {
      return;
    }
    this.broken = error;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const each of waiting.values()) {
      each.answer.reject(this.#lost(each.method));
    }
    this.#socket.destroy();
    this.#count(-this.#live);
  }

  async #read() {
    let bytes = 0; // since the last whole message
    const socket = this.#socket;
    async function* arriving() {
      for await (const data of socket) {
        bytes += data.length;
        if (bytes > MESSAGE_MAX) {
          throw new ProtocolError(`a message does not end after ${MESSAGE_MAX} bytes`);
        }
        yield data;
      }
    }
    try {
      const decoder = new Decoder({ useBigInt64: true, ...LENGTHS });
      for await (const message of decoder.decodeStream(arriving())) {
        bytes = 0;
        this.#take(message);
      }
      this.#fail(new DisconnectedError("the node ended the connection"));
    } catch (error) {
      this.#fail(why(error));
    }
  }

  #take(message) {
    if (!Array.isArray(message) || message.length === 0) {
      throw notRpc(message);
    }
    if (message[0] === 1 && message.length === 4) {
      this.#takeResponse(message[1], message[2], message[3]);
    } else if (message[0] === 2 && message.length === 3) {
      this.#takeNotification(message[1], message[2]);
    } else if (message[0] !== 0) {
      throw notRpc(message); // but a node that asks us something, some day, gets no answer
    }
  }

  #takeResponse(msgid, error, result) {
    const waiting = this.#waiting.get(msgid);
    if (!waiting) {
      if (error !== null) {
        throw fromNode(error); // about no request: the node says why it hangs up, as when it has too many clients
      }
      return;
    }
    this.#waiting.delete(msgid);
    this.answered = true;
    if (error !== null) {
      waiting.answer.reject(fromNode(error, waiting.method));
    } else if (result !== null && typeof result === "object" && (result.api ?? API) !== API) {
      waiting.answer.reject(otherApi(result.api));
    } else {
      waiting.answer.resolve(plain(result));
    }
    if (!waiting.abandoned) {
      this.#count(-1);
    }
  }

  #takeNotification(name, params) {
    if (typeof name === "string" && Array.isArray(params) && params.length === 2) {
      const waiting = this.#waiting.get(params[0]);
      try {
        waiting?.notified?.(name, plain(params[1]));
      } catch (error) {
        // Of a function of the program: it fails that call, and no other.
        waiting.notified = null;
        waiting.answer.reject(error);
      }
    }
  }
}

const notRpc = (message) => new ProtocolError(`what came is no message of msgpack-rpc: ${String(message).slice(0, 100)}`);

const otherApi = (api) =>
  new VersionError(`the node speaks version ${api} of the interface, and this client ${API}: update the older`);

function why(error) {
  if (error instanceof SkadError) {
    return error;
  }
  if (error?.syscall || error?.code?.startsWith("ERR_STREAM")) {
    return new DisconnectedError(`the connection to the node broke: ${error.message}`);
  }
  return new ProtocolError(`what came is no msgpack: ${error?.message}`);
}

/** Numbers are numbers where that is exact, and BigInt beyond 2^53; bytes are copies, which hold no buffer of the socket. */
function plain(value) {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (value instanceof Uint8Array) {
    return Uint8Array.from(value);
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}

/** The encoder takes numbers beyond 32 bits for floats, and only BigInt for what it is. */
function exact(value) {
  if (Number.isSafeInteger(value) && Math.abs(value) >= 2 ** 32) {
    return BigInt(value);
  }
  return Array.isArray(value) ? value.map(exact) : value;
}

function pack(message, method) {
  try {
    return encoder.encode(exact(message));
  } catch (error) {
    throw new InputError(`a parameter is of a type that cannot be sent: ${error.message}`, { method });
  }
}

const ADVICE = {
  ENOENT: (path) => `there is no ${path}: start the node (skad run), or name its socket`,
  EACCES: (path) => `you may not open ${path}: run this as its owner, or as a member of its group`,
  ECONNREFUSED: (path) => `no node listens at ${path}: start it (skad run)`,
};

export function connect(path) {
  return new Promise((resolve, reject) => {
    const fail = (error) => {
      const advice = ADVICE[error.code]?.(path) ?? `cannot open ${path}: ${error.message}`;
      reject(new UnreachableError(advice, { cause: error }));
    };
    try {
      const socket = net.connect({ path });
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        resolve(new Connection(socket));
      });
    } catch (error) {
      fail(error);
    }
  });
}
