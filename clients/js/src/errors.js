// What can go wrong, by name. Each error of the node has a class of its own; `code` is the node's stable word for it.
// The classes at the end are of the client itself, and their codes are no node's.

/** Any error of a node or of the client. An unknown code, of a later node, comes as this class. */
export class SkadError extends Error {
  static code = "unknown";

  constructor(message, { code, method, parameter, index, expected, piece, cause } = {}) {
    let text = method ? `${method}: ${message}` : message;
    if (expected && !text.includes(expected)) {
      text += ` (expected: ${expected})`;
    }
    super(text, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.detail = message;
    this.code = code ?? new.target.code;
    this.method = method;
    this.parameter = parameter;
    this.index = index;
    this.expected = expected;
    this.piece = piece;
  }
}

export class MethodError extends SkadError {
  static code = "method";
}
export class ParamsError extends SkadError {
  static code = "params";
}
export class InputError extends SkadError {
  static code = "input";
}
export class NotFoundError extends SkadError {
  static code = "not_found";
}
export class RefusedError extends SkadError {
  static code = "refused";
}
export class TimedOutError extends SkadError {
  static code = "timed_out";
}
export class StorageError extends SkadError {
  static code = "storage";
}
export class BusyError extends SkadError {
  static code = "busy";
}
export class DeniedError extends SkadError {
  static code = "denied";
}
export class VersionError extends SkadError {
  static code = "version";
}
export class AbortedError extends SkadError {
  static code = "aborted";
}

/** The client cannot open the node's socket. */
export class UnreachableError extends SkadError {
  static code = "unreachable";
}
/** The connection broke while a call was under way. Whether the node did what it was asked is unknown. */
export class DisconnectedError extends SkadError {
  static code = "disconnected";
}
/** The node itself did not answer within the timeout of the call. */
export class NoAnswerError extends SkadError {
  static code = "no_answer";
}
/** What came through the socket is not the control protocol. */
export class ProtocolError extends SkadError {
  static code = "protocol";
}
/** The client was closed. */
export class ClosedError extends SkadError {
  static code = "closed";
}

const BY_CODE = new Map(
  [
    MethodError,
    ParamsError,
    InputError,
    NotFoundError,
    RefusedError,
    TimedOutError,
    StorageError,
    BusyError,
    DeniedError,
    VersionError,
    AbortedError,
  ].map((kind) => [kind.code, kind]),
);

const text = (value) => (typeof value === "string" ? value : undefined);

/** Makes an exception of the error of a response. It takes any value: another program may be at the socket. */
export function fromNode(error, method) {
  if (error === null || typeof error !== "object" || Array.isArray(error)) {
    return new ProtocolError(`the node sent an error that is no map: ${String(error)}`, { method });
  }
  const Kind = BY_CODE.get(error.code) ?? SkadError;
  return new Kind(String(error.message ?? ""), {
    code: text(error.code),
    method,
    parameter: text(error.parameter),
    index: Number.isInteger(error.index) ? error.index : undefined,
    expected: text(error.expected),
    piece: text(error.piece),
  });
}
