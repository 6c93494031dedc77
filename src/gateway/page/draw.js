// Drawings: buckets by proximity order, and the paths of a lookup. Every text goes in as text.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const it = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) it.setAttribute(key, value);
  if (text !== undefined) it.textContent = text;
  return it;
}

function picture(width, height, label) {
  return shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
}

// One bar for each bucket: the living peers, and those that are silent behind them.
function drawBins(table) {
  const row = 20, left = 34, width = 420, k = Math.max(1, table.k);
  const bins = table.bins.filter((bin) => bin.population > 0 || bin.replacements > 0);
  const most = Math.max(k, ...bins.map((bin) => bin.population));
  const said = bins.map((bin) => `${bin.bits} bits: ${bin.living} of ${k}`).join("; ");
  const svg = picture(width, Math.max(1, bins.length) * row + 4, `Living peers by shared bits. ${said}`);
  const unit = (width - left - 60) / most;
  bins.forEach((bin, i) => {
    const y = i * row + 3;
    svg.append(
      shape("text", { x: 0, y: y + 11, class: "soft" }, String(bin.bits)),
      shape("rect", { x: left, y, width: unit * k, height: 14, class: "rail" }),
      shape("rect", { x: left, y, width: unit * bin.living, height: 14, class: "bar" }),
      shape("rect", { x: left + unit * bin.living, y, width: unit * bin.silent, height: 14, class: "silent" }),
      shape("text", { x: left + unit * most + 6, y: y + 11 }, `${bin.living}/${k}`));
  });
  return svg;
}

// How many first bits two IDs share.
function sharedBits(a, b) {
  for (let i = 0; i < 64; i++) {
    const apart = parseInt(a[i], 16) ^ parseInt(b[i], 16);
    if (apart !== 0) return 4 * i + Math.clz32(apart) - 28;
  }
  return 256;
}

// A row for each path, its nodes in the order of asking; the further right, the closer to the target. The
// last rows are the closing round and the region, which belong to no path.
function drawPaths(target, steps) {
  const names = new Map();
  for (const step of steps) {
    const name = step.path === null ? "closing" : step.path === "region" ? "region" : `path ${step.path + 1}`;
    if (!names.has(name)) names.set(name, []);
    names.get(name).push(step);
  }
  const order = (name) => (name === "closing" ? "y" : name === "region" ? "z" : name);
  const rows = [...names.keys()].sort((a, b) => order(a).localeCompare(order(b), "en", { numeric: true }));
  const width = 900, left = 80, row = 44;
  const svg = picture(width, Math.max(1, rows.length) * row + 24,
    `${steps.length} nodes asked over ${rows.filter((name) => name.startsWith("path")).length} paths`);
  const most = Math.max(8, ...steps.map((step) => sharedBits(step.id, target)).filter((bits) => bits < 64));
  rows.forEach((name, y) => {
    const middle = y * row + 20;
    svg.append(shape("text", { x: 0, y: middle + 4 }, name));
    const places = new Map();
    let before = null;
    for (const step of names.get(name)) {
      const bits = Math.min(most, sharedBits(step.id, target));
      const crowd = places.get(bits) || 0;
      places.set(bits, crowd + 1);
      const at = { x: left + bits / most * (width - left - 60) + 15 * (crowd % 3), y: middle + 9 * (Math.floor(crowd / 3) % 3) - 5 };
      if (before !== null) svg.append(shape("line", { x1: before.x, y1: before.y, x2: at.x, y2: at.y, class: "link" }));
      before = at;
      const dot = shape("circle", { cx: at.x, cy: at.y, r: 6, class: `node ${step.state}${step.closest ? " closest" : ""}` });
      dot.append(shape("title", {}, `${step.id.slice(0, 12)} ${step.address || ""}: ${step.state}, ${sharedBits(step.id, target)} bits shared`));
      svg.append(dot);
    }
    for (const dot of svg.querySelectorAll("circle")) svg.append(dot); // above the lines
  });
  svg.append(
    shape("text", { x: left, y: rows.length * row + 18, class: "soft" }, "far from the target"),
    shape("text", { x: width - 60, y: rows.length * row + 18, class: "soft", "text-anchor": "end" }, "close"));
  return svg;
}
