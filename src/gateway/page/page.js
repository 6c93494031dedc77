// The page of a node: asks the gateway that it came from, and nothing else.
"use strict";

const $ = (id) => document.getElementById(id);

function say(id, text, kind) {
  const place = $(id);
  place.textContent = text;
  place.className = kind || "";
}

// The answer as JSON; an error says what the gateway said.
async function ask(path, options) {
  const answer = await fetch(path, { cache: "no-store", credentials: "omit", ...options });
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
}

async function reason(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return `the gateway answered with ${answer.status}`;
  }
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < 4) { count /= 1000; unit++; }
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

function span(s) {
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;
}

// ---- The node ----

function showStatus(status) {
  $("node-id").textContent = status.id.slice(0, 12);
  $("node-id").title = status.id;
  const rows = [
    ["ID", status.id], ["public key", status.public_key],
    ["network", `${status.profile}, about ${status.network_size || "?"} nodes`],
    ["running for", span(status.uptime_s)], ["version", status.version],
    ["address", (status.observed.length ? status.observed : status.listen).join(" ")],
    ["peers", `${status.peers} (${status.peers_silent} silent)`],
    ["holds for others", `${status.store.records} records, ${bytes(status.store.bytes)}`],
    ["announces", `${status.store.published} records`],
    ["lookups", String(status.lookups)],
    ["traffic", `${bytes(status.received_bytes)} in, ${bytes(status.sent_bytes)} out`],
  ];
  $("figures").replaceChildren(...rows.flatMap(([name, value]) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    return [dt, dd];
  }));
}

function showHealth(health) {
  const kinds = { ok: "good", degraded: "slow", failing: "bad" };
  const words = { ok: "The node does its work.", degraded: "The node works, but something is wrong.", failing: "The node does not do its work." };
  say("verdict", words[health.verdict] || health.verdict, kinds[health.verdict]);
  $("reasons").replaceChildren(...health.reasons.map((text) => {
    const li = document.createElement("li");
    li.textContent = text;
    return li;
  }));
}

async function refresh() {
  try {
    const [status, health, table] = await Promise.all([ask("/v1/status"), ask("/v1/health"), ask("/v1/table")]);
    showStatus(status);
    showHealth(health);
    $("k").textContent = table.k;
    $("bins").replaceChildren(drawBins(table));
  } catch (error) {
    say("verdict", error.message, "bad");
  }
}

// ---- A lookup ----

let source = null;

function showSteps(target, steps) {
  const list = [...steps.values()];
  $("paths").replaceChildren(drawPaths(target, list));
  $("steps").replaceChildren(...list.map((step) => {
    const tr = document.createElement("tr");
    const path = step.path === null ? "closing" : step.path === "region" ? "region" : step.path + 1;
    for (const text of [path, step.id.slice(0, 12), step.address || "-", step.state, step.rtt_us ? (step.rtt_us / 1000).toFixed(1) : "-"]) {
      tr.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    return tr;
  }));
}

function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function lookUp(event) {
  event.preventDefault();
  if (source !== null) source.close();
  const target = ($("target").value.trim() || randomId()).toLowerCase();
  const steps = new Map();
  let drawn = false;
  const draw = () => { drawn = false; showSteps(target, steps); };
  $("target").value = target;
  say("lookup-says", "looking");
  const here = source = new EventSource(`/v1/lookup/${target}/trace`);
  here.addEventListener("step", (message) => {
    const step = JSON.parse(message.data);
    steps.set(`${step.path} ${step.id}`, step);
    if (!drawn) { drawn = true; requestAnimationFrame(draw); }
  });
  here.addEventListener("done", (message) => {
    here.close();
    const result = JSON.parse(message.data);
    for (const step of result.steps) steps.set(`${step.path} ${step.id}`, step);
    draw();
    say("lookup-says", `${result.closest.length} closest nodes, ${result.rpcs} requests, ${(result.duration_us / 1000).toFixed(0)} ms; `
      + `${result.paths_agreed} of ${result.paths} paths agree${result.dense ? "; the nodes stand suspiciously close" : ""}`, result.dense ? "slow" : "good");
  });
  here.addEventListener("failed", (message) => {
    here.close();
    say("lookup-says", JSON.parse(message.data).error.message, "bad");
  });
  here.addEventListener("error", () => {
    here.close();
    if ($("lookup-says").textContent === "looking") say("lookup-says", "the gateway refused or hung up: try again in a second", "bad");
  });
}

// ---- Files ----

let upload = null;

function putFile(file) {
  const token = $("token").value.trim();
  if (!file) return say("put-says", "choose a file first", "bad");
  if (!token) { $("token").focus(); return say("put-says", "putting needs the token", "bad"); }
  upload = new XMLHttpRequest(); // fetch tells no progress of what it sends
  upload.open("POST", `/v1/file?keep=${$("keep").checked}`);
  upload.setRequestHeader("Authorization", `Bearer ${token}`);
  upload.setRequestHeader("Content-Type", "application/octet-stream");
  upload.upload.onprogress = (event) => { if (event.lengthComputable) $("put-progress").value = event.loaded / event.total; };
  upload.onloadend = () => { $("put-progress").hidden = $("put-stop").hidden = true; showPut(file, upload); };
  $("put-progress").value = 0;
  $("put-progress").hidden = $("put-stop").hidden = false;
  say("put-says", `putting ${file.name}, ${bytes(file.size)}`);
  upload.send(file);
}

function showPut(file, done) {
  let answer = null;
  try { answer = JSON.parse(done.responseText); } catch { /* below */ }
  if (done.status !== 201 || answer === null) {
    return say("put-says", answer?.error?.message || (done.status === 0 ? "stopped, or the gateway hung up" : `the gateway answered with ${done.status}`), "bad");
  }
  $("key").value = answer.key;
  say("put-says", `${file.name} is stored at ${answer.holders_min} nodes or more, in ${answer.pieces} pieces. Its key: `, answer.alone > 0 ? "slow" : "good");
  $("put-says").append(Object.assign(document.createElement("code"), { textContent: answer.key }));
}

// The browser saves it by itself: a file may be larger than memory.
async function getFile(event) {
  event.preventDefault();
  const key = $("key").value.trim().toLowerCase();
  say("get-says", "looking for the file");
  try {
    const head = await fetch(`/v1/file/${key}`, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
    if (!head.ok && head.status !== 416) throw new Error(await reason(head));
    const size = Number((head.headers.get("Content-Range") || "/0").split("/")[1]);
    const link = Object.assign(document.createElement("a"), { href: `/v1/file/${key}`, download: key.slice(0, 12) });
    link.click();
    say("get-says", `found ${bytes(size)}: your browser saves it as ${key.slice(0, 12)}`, "good");
  } catch (error) {
    say("get-says", error.message, "bad");
  }
}

function takeDrop(event) {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files.length > 0) {
    $("file").files = event.dataTransfer.files;
    putFile(event.dataTransfer.files[0]);
  }
}

// ---- Events ----

function watchEvents() {
  const events = new EventSource("/v1/events");
  events.addEventListener("event", (message) => {
    const { kind, unix_s, ...rest } = JSON.parse(message.data);
    const words = Object.entries(rest).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join("; ") : value}`);
    const li = document.createElement("li");
    li.textContent = `${new Date(unix_s * 1000).toLocaleTimeString()} ${kind}${words.length ? ": " + words.join(", ") : ""}`;
    $("events").prepend(li);
    while ($("events").children.length > 50) $("events").lastChild.remove();
  });
}

$("lookup").addEventListener("submit", lookUp);
$("get").addEventListener("submit", getFile);
$("put").addEventListener("submit", (event) => { event.preventDefault(); putFile($("file").files[0]); });
$("put-stop").addEventListener("click", () => upload?.abort());
for (const kind of ["dragenter", "dragover"]) {
  $("drop").addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
$("drop").addEventListener("dragleave", () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", takeDrop);
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
watchEvents();
