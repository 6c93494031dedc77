// The methods of the control protocol: the order of their parameters, and what a client may do with each.

import { ParamsError } from "./errors.js";

/** Parameters are positional on the wire and named here; a name with "?" has a default. */
export const PARAMETERS = {
  hello: ["client?", "api?"],
  ping: ["address"],
  lookup: ["id", "forward?"],
  trace: ["id", "forward?"],
  put: ["value", "keep?", "forward?"],
  store: ["record", "cas?", "keep?", "forward?"],
  publish: ["value", "salt?", "sequence?", "cas?", "lifeS?", "keep?"],
  announce: ["key", "endpoint?", "metadata?", "lifeS?", "keep?"],
  get: ["key", "forward?"],
  resolve: ["publisher", "salt?", "forward?"],
  providers: ["key"],
  audit: ["round?"],
  watch_record: ["publisher", "salt?", "everyS?"],
  watch_providers: ["key", "everyS?"],
  unwatch: ["msgid"],
  subscribe_events: ["kinds?"],
  subscribe_status: ["everyS?"],
  unsubscribe: ["msgid"],
  batch: ["requests"],
  put_file: ["size", "keep?"],
  get_file: ["key", "offset?", "length?"],
  abort: ["msgid"],
  withdraw: ["key"],
  records: ["section", "from?", "max?"],
  bans: [],
  ban: ["subject", "lifeS?"],
  unban: ["subject"],
  allow: ["subject"],
  table: [],
  health: [],
  status: [],
};

/** The node bounds how many of these are under way; the client keeps to the bound, so that the methods that answer at
 * once do not wait behind them. */
export const OPERATIONS = new Set([
  "ping",
  "lookup",
  "trace",
  "put",
  "store",
  "publish",
  "announce",
  "get",
  "resolve",
  "providers",
  "audit",
  "batch",
]);

/** They change nothing, so they are asked again when the connection broke before their answer. */
export const REPEATABLE = new Set([
  "ping",
  "lookup",
  "get",
  "resolve",
  "providers",
  "audit",
  "records",
  "bans",
  "table",
  "health",
  "status",
]);

/** What a node takes that does not say (before 1.1). */
export const LIMITS_1_0 = {
  request_bytes: 4096,
  operations: 64,
  watches: 64,
  subscriptions: 0,
  unread_bytes: 1 << 20,
  value_bytes: 1000,
  mutable_bytes: 800,
  salt_bytes: 64,
  metadata_bytes: 128,
  files: 4,
  chunk_bytes: 2048,
  batch: 32,
};

/** Lists the arguments in the method's order; nil stands for a default, and is left out at the end. */
export function positional(method, given = {}) {
  const parameters = Object.hasOwn(PARAMETERS, method) ? PARAMETERS[method] : undefined;
  if (parameters === undefined) {
    throw new ParamsError(`the client knows no method '${method}'`, { method });
  }
  const names = parameters.map((each) => each.replace("?", ""));
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      const expected = names.join(", ") || "none";
      throw new ParamsError(`there is no parameter '${name}'`, { method, parameter: name, expected });
    }
  }
  const params = names.map((name) => given[name] ?? null);
  while (params.length > 0 && params.at(-1) === null && parameters[params.length - 1].endsWith("?")) {
    params.pop();
  }
  return params;
}
