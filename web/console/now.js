// What goes on: sends, checks, refusals and latencies by second, from the difference of two answers of /stats.
import { count, el, rate, refill, seconds, table, tiles, words } from "./format.js";
import { byTime } from "./plot.js";

const kept = 300;
let samples = []; // of /stats, the newest last

const failed = ["rejected", "not_sent", "unknown", "store_unavailable", "full", "no_route"];
const refused = ["cooldown", "limited", "challenge", "not_allowed", "invalid_number", "in_progress", "key_reused"];

export function record(stats) {
  const sample = { ...stats, time: Date.parse(stats.at) / 1000 };
  const last = samples.at(-1);
  if (last && sample.time === last.time) return;
  // It was restarted, or its clock went back.
  if (last && (sample.uptime_seconds < last.uptime_seconds || sample.time < last.time)) samples = [];
  samples.push(sample);
  if (samples.length > kept) samples.shift();
}

const sum = (counts, names) => names.reduce((all, name) => all + (counts[name] ?? 0), 0);
const all = (counts) => sum(counts, Object.keys(counts));

// How much a figure grew by second; nothing for the first sample.
const growth = (figure) => samples.map((sample, i) => {
  if (i === 0) return null;
  const before = samples[i - 1];
  return Math.max(0, figure(sample) - figure(before)) / (sample.time - before.time);
});

// The quantile of what a histogram counted between two samples, interpolated within its bucket.
export function quantile(share, after, before) {
  const total = after.count - (before?.count ?? 0);
  if (total <= 0) return null;
  let lower = 0;
  let below = 0;
  for (const [i, [bound, up]] of after.buckets.entries()) {
    const here = up - (before?.buckets[i]?.[1] ?? 0);
    if (here >= share * total) return lower + (bound - lower) * ((share * total - below) / Math.max(here - below, 1));
    lower = bound;
    below = here;
  }
  return lower;
}

const latency = (of, share) => samples.map((sample, i) => {
  const value = i === 0 ? null : quantile(share, sample.latencies[of], samples[i - 1].latencies[of]);
  return value === null ? null : value * 1000;
});

// The sample of a minute ago, or the oldest.
const minuteAgo = () => samples.find((sample) => sample.time >= samples.at(-1).time - 60);

function outcomes(caption, of, write = words) {
  const now = samples.at(-1);
  const before = minuteAgo();
  const rows = Object.keys(now.counters[of]).filter((name) => now.counters[of][name] > 0)
    .sort((a, b) => now.counters[of][b] - now.counters[of][a]);
  return table(caption, [
    [of === "refusals" ? "Limit" : "Outcome", write, true],
    ["Last minute", (name) => count(now.counters[of][name] - (before.counters[of][name] ?? 0))],
    ["Since the start", (name) => count(now.counters[of][name])],
  ], rows);
}

function summary() {
  const now = samples.at(-1);
  const before = minuteAgo();
  const span = now.time - before.time;
  const lately = (figure) => (span > 0 ? (figure(now) - figure(before)) / span : null);
  const p95 = (of) => seconds(quantile(0.95, now.latencies[of], before.latencies[of]));
  const failures = lately((sample) => sum(sample.counters.sends, failed));
  return tiles([
    ["Sends", `${rate(lately((sample) => sample.counters.sends.accepted ?? 0))}/s`, "accepted, last minute"],
    ["Failed", `${rate(failures)}/s`, "sends, last minute", failures > 0 ? "bad" : ""],
    ["Refused", `${rate(lately((sample) => sum(sample.counters.sends, refused)))}/s`, "sends, last minute"],
    ["Verified", `${rate(lately((sample) => sample.counters.checks.verified ?? 0))}/s`, "last minute"],
    ["p95 of a send", p95("send"), "last minute"],
    ["p95 of a check", p95("check"), "last minute"],
    ["Live codes", count(now.gauges.live_codes), "can be verified"],
    ["Open messages", count(now.gauges.open_messages), "no final report yet"],
  ]);
}

export function open(root) {
  const sends = byTime("Sends by second", "", [["accepted", "good"], ["failed", "bad"], ["refused", "warn"]]);
  const checks = byTime("Checks by second", "", [["verified", "good"], ["wrong", "warn"], ["others", "quiet"]]);
  const times = byTime("Latency by second, ms", "", [
    ["send p50", "blue"], ["send p95", "bad"], ["check p50", "good"], ["check p95", "warn"]], { log: true, top: 1000 });
  const top = el("div");
  const tables = el("div", { class: "columns" });
  root.append(el("h1", {}, "Now"), top, el("div", { class: "plots" }, ...[sends, checks, times].map((one) => one.figure)), tables);
  const draw = () => {
    if (samples.length === 0) return;
    const at = samples.map((sample) => sample.time);
    top.replaceChildren(summary());
    sends.draw([at, growth((s) => s.counters.sends.accepted ?? 0), growth((s) => sum(s.counters.sends, failed)),
      growth((s) => sum(s.counters.sends, refused))]);
    checks.draw([at, growth((s) => s.counters.checks.verified ?? 0), growth((s) => s.counters.checks.wrong ?? 0),
      growth((s) => all(s.counters.checks) - sum(s.counters.checks, ["verified", "wrong"]))]);
    times.draw([at, latency("send", 0.5), latency("send", 0.95), latency("check", 0.5), latency("check", 0.95)]);
    refill(tables, outcomes("Sends", "sends"), outcomes("Checks", "checks"), outcomes("Refusals by limit", "refusals", String));
  };
  draw();
  return { onStats: draw };
}
