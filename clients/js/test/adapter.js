// The adapter of this client for the conformance scenes of skad (tests/conformance/control/README.md there): JSON lines in, JSON
// lines out. It drives the connection and the file transfers, below what repeats calls and comes back by itself.
//
//   SKAD_CLIENT=FOLDER node adapter.js      FOLDER: where the package is installed

import readline from "node:readline";

const folder = process.env.SKAD_CLIENT;
const { Link } = await import(`${folder}/src/link.js`);
const { Download, upload } = await import(`${folder}/src/files.js`);
const { AbortedError, SkadError } = await import(`${folder}/src/errors.js`);

const ENDS = {
  watch_record: "unwatch",
  watch_providers: "unwatch",
  subscribe_events: "unsubscribe",
  subscribe_status: "unsubscribe",
};
const GONE = ["unreachable", "no_answer", "closed"]; // codes of the client for a daemon that is not there

function toJson(value) {
  if (value instanceof Uint8Array) {
    return { $bin: Buffer.from(value).toString("hex") };
  }
  if (typeof value === "bigint") {
    return { $int: value.toString() };
  }
  if (Array.isArray(value)) {
    return value.map(toJson);
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
  }
  return value;
}

function fromJson(value) {
  if (Array.isArray(value)) {
    return value.map(fromJson);
  }
  if (value !== null && typeof value === "object") {
    const [first, ...more] = Object.keys(value);
    if (more.length === 0 && first === "$bin") {
      return Buffer.from(value.$bin, "hex");
    }
    if (more.length === 0 && first === "$int") {
      return BigInt(value.$int);
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fromJson(each)]));
  }
  return value;
}

const say = (line) => process.stdout.write(`${JSON.stringify(toJson(line))}\n`);

/** An error as the daemon gave it, or the client's own under a name of the scenes. */
function told(error) {
  if (!(error instanceof SkadError)) {
    throw error;
  }
  const { code, detail: message, parameter, index, expected, piece } = error;
  return { code: GONE.includes(code) ? "disconnected" : code, message, parameter, index, expected, piece };
}

let link = null;
const requests = new Map(); // id: {end}

async function ends(id, coming) {
  try {
    say({ id, ...(await coming) });
  } catch (error) {
    say({ id, error: told(error) });
  }
}

const does = {
  async connect({ path }) {
    const backoff = { firstMs: 50, mostMs: 5000 };
    link = new Link({ path, name: "skad-js", waitMs: 0, patienceMs: 0, backoff, timeoutMs: 65_000 });
    try {
      await link.get();
      say({ connected: true });
    } catch (error) {
      say({ connected: false, ...told(error) });
    }
  },

  async call({ id, method, params }) {
    try {
      const connection = await link.get();
      const { msgid, answer } = await connection.send(method, params, (notice, value) => say({ id, notice, value }));
      requests.set(id, { end: () => connection.send(ENDS[method], [msgid]) });
      ends(id, answer.then((result) => ({ result })));
    } catch (error) {
      say({ id, error: told(error) });
    }
  },

  async put_file({ id, bytes, known, keep }) {
    const controller = new AbortController();
    requests.set(id, { end: () => controller.abort(new AbortedError("the program has ended it")) });
    const source = known ? bytes : [bytes];
    ends(id, upload(link, source, { keep, signal: controller.signal }).then((result) => ({ result })));
  },

  async get_file({ id, params: [key, offset, length] }) {
    const controller = new AbortController();
    requests.set(id, { end: () => controller.abort(new AbortedError("the program has ended it")) });
    const download = new Download(link, key, { offset, length, signal: controller.signal, resume: false });
    const whole = async () => {
      const parts = [];
      for await (const part of download) {
        parts.push(part);
      }
      return { result: download.result, bytes: Buffer.concat(parts) };
    };
    ends(id, whole());
  },

  async end({ id }) {
    await requests.get(id).end();
  },
};

say({ adapter: "skad-js", does: ["hello", "end", "batch", "files"] });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = fromJson(JSON.parse(line));
  await does[command.do](command);
}
link?.close();
