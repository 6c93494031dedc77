// The client has what the schema of the control protocol says the node has.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import * as skad from "skad";

const { SKAD_CONTROL_SCHEMA: file, SKAD_CLIENT: folder } = process.env;
const skip = file && existsSync(file) && folder ? false : "SKAD_CONTROL_SCHEMA and SKAD_CLIENT name no files";
/** Methods of the protocol under other names here, or behind others. */
const NAMES = {
  subscribe_events: "events",
  subscribe_status: "watchStatus",
  hello: null,
  unwatch: null,
  unsubscribe: null,
  abort: null,
};
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

test("methods, parameters and errors are those of the schema", { skip }, async () => {
  const schema = JSON.parse(readFileSync(file, "utf8"));
  const { LIMITS_1_0, OPERATIONS, PARAMETERS, REPEATABLE } = await import(`${folder}/src/methods.js`);
  const wanted = Object.entries(schema.methods).map(([name, { params }]) => [
    name,
    params.map((each) => camel(each.name) + ("default" in each ? "?" : "")),
  ]);
  assert.deepEqual(PARAMETERS, Object.fromEntries(wanted));
  const operations = Object.entries(schema.methods).filter(([, row]) => ["operation", "batch"].includes(row.manner));
  assert.deepEqual([...OPERATIONS].sort(), operations.map(([name]) => name).sort());
  for (const name of REPEATABLE) {
    assert.ok(name in schema.methods);
  }
  for (const name of Object.keys(schema.methods)) {
    const here = name in NAMES ? NAMES[name] : camel(name);
    assert.ok(here === null || typeof skad.Client.prototype[here] === "function", name);
  }
  const codes = Object.values(skad).map((each) => each.code);
  assert.deepEqual(Object.keys(schema.errors).filter((code) => !codes.includes(code)), []);
  assert.deepEqual(Object.keys(schema.maps.limits).filter((name) => !(name in LIMITS_1_0)), []);
});
