// A real network for tests: `skad testnet` and one daemon beside it, which may be killed and come back.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

import { Client } from "skad";

export const PROGRAM = process.env.SKAD ?? "";
const NODES = 20;
const WAIT_MS = 60_000;

export class Network {
  folder = mkdtempSync(path.join(os.tmpdir(), "skad-net-"));
  path = path.join(this.folder, "daemon.sock");
  #env = { ...process.env, SKAD_CONFIG: "none" };

  async open() {
    const stdio = ["ignore", "pipe", "ignore"];
    this.testnet = spawn(PROGRAM, ["testnet", String(NODES), "--dir", this.folder], { env: this.#env, stdio });
    let ready = false;
    for await (const line of readline.createInterface({ input: this.testnet.stdout })) {
      this.address ??= line.split(" ")[0];
      if (line === "ready") {
        ready = true;
        break;
      }
    }
    assert.ok(ready, "the network did not come up");
    this.start();
    await this.untilJoined();
    return this;
  }

  /** The socket of a node that stays. */
  node(index) {
    return path.join(this.folder, `node-${index}.sock`);
  }

  start() {
    const words = ["run", "--profile", "test", "--dir", path.join(this.folder, "daemon"), "--socket", this.path];
    words.push("--listen", "127.0.0.1:0", "--join", this.address);
    this.daemon = spawn(PROGRAM, words, { env: this.#env, stdio: "ignore" });
  }

  async kill() {
    await killed(this.daemon);
  }

  async untilJoined() {
    const node = new Client({ path: this.path, waitMs: WAIT_MS });
    await until(async () => (await node.status()).joined);
    await node.close();
  }

  async close() {
    await Promise.all([this.daemon, this.testnet].map(killed));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function killed(child) {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Waits for a process outside: there is no other way than to look again. */
export async function until(condition) {
  const deadline = performance.now() + WAIT_MS;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
