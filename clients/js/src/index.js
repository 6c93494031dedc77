// Talks to a skad node, of a secure distributed hash table, through its control socket.

export { Client, defaultPath } from "./client.js";
export { Download } from "./files.js";
export { Stream } from "./streams.js";
export {
  AbortedError,
  BusyError,
  ClosedError,
  DeniedError,
  DisconnectedError,
  InputError,
  MethodError,
  NoAnswerError,
  NotFoundError,
  ParamsError,
  ProtocolError,
  RefusedError,
  SkadError,
  StorageError,
  TimedOutError,
  UnreachableError,
  VersionError,
} from "./errors.js";
