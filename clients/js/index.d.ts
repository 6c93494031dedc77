// The client's types. Results are the maps of protocol.d.ts, which is made from the schema of the control protocol.

import type {
  Audit,
  Bans,
  Event,
  Get,
  GetFile,
  GetProgress,
  Health,
  Hello,
  Lookup,
  Methods,
  Ping,
  Providers,
  Publish,
  Put,
  PutFile,
  PutProgress,
  Records,
  Resolve,
  Status,
  Step,
  Subject,
  Table,
  Withdraw,
} from "./protocol.js";

export * from "./protocol.js";

/** A node ID, a key or a public key: 32 bytes, or 64 hex digits. */
export type Key = string | Uint8Array;
/** Bytes; text is taken as UTF-8. */
export type Value = string | Uint8Array;

export interface ClientOptions {
  /** Of the control socket, or the monitor socket for looking only; by default SKAD_SOCKET, or ~/.skad/control.sock. */
  path?: string;
  /** For each call, unless it has its own (65 s); then NoAnswerError. */
  timeoutMs?: number;
  /** For a node that is not there when the client first connects (0). */
  waitMs?: number;
  /** In which the client tries to come back after the connection broke (30 s); then UnreachableError. */
  patienceMs?: number;
  /** How long to wait between tries: firstMs (50), twice as long each time, up to mostMs (5000). */
  backoff?: { firstMs?: number; mostMs?: number };
  /** What the client calls itself. */
  name?: string;
}

export interface CallOptions {
  /** Gives up the call, here and at the node. It rejects with the signal's reason. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface ForwardOptions extends CallOptions {
  /** Other nodes ask for this one, over 1 to 8 chains, or 0 for the usual number (from 1.2 on). */
  forward?: number | null;
}

export interface PutOptions extends ForwardOptions {
  /** The node sends it again each hour. */
  keep?: boolean;
}

export interface StoreOptions extends ForwardOptions {
  cas?: number | bigint | null;
  keep?: boolean;
}

export interface PublishOptions extends Omit<StoreOptions, "forward"> {
  salt?: Value;
  /** A higher one replaces a lower one; without it the node takes the next (from 1.1 on). */
  sequence?: number | bigint | null;
  lifeS?: number | null;
}

export interface AnnounceOptions extends CallOptions {
  /** An address, or a port at the node's own address. */
  endpoint?: string | number | null;
  metadata?: Value;
  lifeS?: number | null;
  keep?: boolean;
}

export interface StreamOptions {
  /** Ends the stream, here and at the node. */
  signal?: AbortSignal;
}

/** What goes on until it is ended; leaving a `for await` loop ends it. */
export class Stream<Item> implements AsyncIterableIterator<Item> {
  private constructor();
  [Symbol.asyncIterator](): this;
  /** The next item. With `timeoutMs`: NoAnswerError if none comes in time, after which the stream goes on. */
  next(options?: { timeoutMs?: number }): Promise<IteratorResult<Item, undefined>>;
  return(value?: any): Promise<IteratorResult<Item, undefined>>;
  /** Ends the stream, here and at the node. */
  end(): Promise<void>;
}

export interface PutFileOptions extends StreamOptions {
  /** Of a source that cannot tell; it may stay unknown. */
  size?: number | null;
  keep?: boolean;
  onProgress?: (now: PutProgress) => void;
}

export interface GetFileOptions extends StreamOptions {
  offset?: number;
  length?: number | null;
  onProgress?: (now: GetProgress) => void;
}

/** The bytes of a file, in order, each verified; leaving a `for await` loop ends the transfer. */
export class Download implements AsyncIterableIterator<Uint8Array> {
  private constructor();
  /** There at the end. */
  readonly result: GetFile | null;
  [Symbol.asyncIterator](): this;
  next(): Promise<IteratorResult<Uint8Array, undefined>>;
  return(value?: any): Promise<IteratorResult<Uint8Array, undefined>>;
  end(): Promise<void>;
}

/** Where a file comes from: a path, its bytes, or a stream of them. */
export type Source = string | URL | Uint8Array | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>;
/** Where a file goes to: a path, where it is only once it is whole, or a stream, which stays open. */
export type Target = string | URL | NodeJS.WritableStream;

export type MethodName = keyof Methods;

/** The socket of the node of this user: SKAD_SOCKET, or ~/.skad/control.sock. */
export function defaultPath(): string;

/** A node, through its socket. It connects at need, and does not keep the program from ending while nothing is under way. */
export class Client {
  constructor(options?: ClientOptions);
  readonly path: string;
  /** What the node said of itself when the client last connected. */
  readonly hello: Hello | null;
  /** Connects now, and not at the first call. */
  open(options?: StreamOptions): Promise<this>;
  /** Closes the client. What is under way ends with ClosedError, and the node cancels it. */
  close(): Promise<void>;

  /** Calls any method with named arguments; the methods below are this with types. */
  call<Name extends MethodName>(
    method: Name,
    given?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<Methods[Name]["result"]>;

  /** Stores an immutable value of 1 to 1000 bytes under its hash. */
  put(value: Value, options?: PutOptions): Promise<Put>;
  /** Fetches an immutable value; NotFoundError if there is none. */
  get(key: Key, options?: ForwardOptions): Promise<Get>;
  /** Stores a record that is encoded and signed already. */
  store(record: Uint8Array, options?: StoreOptions): Promise<Put>;
  /** Signs a value with the node's key and stores it. */
  publish(value: Value, options?: PublishOptions): Promise<Publish>;
  /** Fetches what a publisher has published under a salt. */
  resolve(publisher: Key, options?: ForwardOptions & { salt?: Value }): Promise<Resolve>;
  /** Announces the node under a key. */
  announce(key: Key, options?: AnnounceOptions): Promise<Put>;
  /** Finds the nodes that are announced under a key. */
  providers(key: Key, options?: CallOptions): Promise<Providers>;
  /** Stops re-announcing what the node publishes under a key. */
  withdraw(key: Key, options?: CallOptions): Promise<Withdraw>;

  /** What a publisher has under a salt: what is there now, then each change. */
  watchRecord(publisher: Key, options?: StreamOptions & { salt?: Value; everyS?: number }): Stream<Resolve>;
  /** Who is announced under a key: who is now, then each change. */
  watchProviders(key: Key, options?: StreamOptions & { everyS?: number }): Stream<Providers>;
  /** What happens to the node (from 1.1 on). */
  events(options?: StreamOptions & { kinds?: readonly string[] }): Stream<Event>;
  /** The node's status, every few seconds (from 1.1 on). */
  watchStatus(options?: StreamOptions & { everyS?: number }): Stream<Status>;

  /** Stores a file (from 1.1 on). */
  putFile(source: Source, options?: PutFileOptions): Promise<PutFile>;
  /** Fetches a file (from 1.1 on). */
  getFile(key: Key, target: Target, options?: GetFileOptions): Promise<GetFile>;
  /** Iterates over the bytes of a file (from 1.1 on). */
  readFile(key: Key, options?: GetFileOptions): Download;

  /** Asks the node at an address for a sign of life. */
  ping(address: string, options?: CallOptions): Promise<Ping>;
  /** Finds the nodes that are closest to an ID or a key. */
  lookup(id: Key, options?: ForwardOptions): Promise<Lookup>;
  /** A lookup that reports each of its steps as it happens. */
  trace(id: Key, options?: ForwardOptions & { onStep?: (step: Step) => void }): Promise<Lookup>;
  /** Lists a page of the node's own store; `from` is `next` of the page before. */
  records(
    options?: CallOptions & { section?: "held" | "published"; from?: Uint8Array | null; max?: number },
  ): Promise<Records>;
  /** Lists which nodes and prefixes are banned, why, and for how long. */
  bans(options?: CallOptions): Promise<Bans>;
  /** Bans a node, a prefix, or a node at one address and port; for a day by default. */
  ban(subject: string, options?: CallOptions & { lifeS?: number | null }): Promise<Subject>;
  /** Ends a ban. */
  unban(subject: string, options?: CallOptions): Promise<Subject>;
  /** Exempts an address or a prefix from bans by the node itself. */
  allow(subject: string, options?: CallOptions): Promise<Subject>;
  /** The routing table. */
  table(options?: CallOptions): Promise<Table>;
  /** Whether the node does its work, and why not. */
  /** The ballots of a round of storage audits; without a round those of the last one that has some (from 1.2 on). */
  audit(options?: CallOptions & { round?: number | bigint | null }): Promise<Audit>;
  health(options?: CallOptions): Promise<Health>;
  /** The node's identity, its state and its counters. */
  status(options?: CallOptions): Promise<Status>;
  /** Several calls as one request (from 1.1 on): their results in order; where a call failed, its error stands there. */
  batch(
    calls: Iterable<readonly [method: MethodName, given?: Record<string, unknown>]>,
    options?: CallOptions,
  ): Promise<unknown[]>;
}

/** Any error of a node or of the client. An unknown code, of a later node, comes as this class. */
export class SkadError extends Error {
  /** Stable: programs branch on it. */
  readonly code: string;
  /** What went wrong, without method and expectation. */
  readonly detail: string;
  /** The method that failed. */
  readonly method?: string;
  /** The parameter that is wrong, where the node names one. */
  readonly parameter?: string;
  /** Its position, from 0. */
  readonly index?: number;
  /** What would be right, in words and units. */
  readonly expected?: string;
  /** The key of the record of a file that is missing. */
  readonly piece?: string;
}

/** The node has no such method: it is older than the client. */
export class MethodError extends SkadError {}
/** Not the parameters of the method. */
export class ParamsError extends SkadError {}
/** Well-formed, but it cannot be taken. */
export class InputError extends SkadError {}
/** All responsible nodes answered, and nothing was found. */
export class NotFoundError extends SkadError {}
/** The nodes that should hold a record answered, and too few took it. */
export class RefusedError extends SkadError {}
/** The network gave no answer in time. */
export class TimedOutError extends SkadError {}
/** The node's own store cannot be written or read. */
export class StorageError extends SkadError {}
/** Too many clients, watches or subscriptions, or no memory: try again later. */
export class BusyError extends SkadError {}
/** The socket is for looking only. */
export class DeniedError extends SkadError {}
/** The node speaks another version of the interface. */
export class VersionError extends SkadError {}
/** A transfer was ended by `abort`. */
export class AbortedError extends SkadError {}
/** The client cannot open the node's socket. */
export class UnreachableError extends SkadError {}
/** The connection broke while a call was under way. Whether the node did what it was asked is unknown. */
export class DisconnectedError extends SkadError {}
/** The node itself did not answer within the timeout of the call. */
export class NoAnswerError extends SkadError {}
/** What came through the socket is not the control protocol. */
export class ProtocolError extends SkadError {}
/** The client was closed. */
export class ClosedError extends SkadError {}
