import { createHash } from "node:crypto";
import { openStore } from "@churnlab/store";
import { expect, it } from "vitest";
import { renderReport } from "../../src/html/render-report.ts";
import { loadReportData } from "../../src/html/report-data.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";

const ASSETS = { script: "void 0", style: "body{}" };

function render(scenario: string, options: MakeRunOptions = {}): string {
  using place = new TemporaryDirectory();
  using store = openStore(place.file("runs.db"), { mode: "write" });
  return renderReport(loadReportData(store, makeRun(store, scenario, options)), ASSETS);
}

it("allows its own script and style by their hashes, and nothing else", () => {
  const html = render(TWO_SECONDS);
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64");
  const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
  expect(policy.split("; ")).toEqual([
    "default-src 'none'",
    `script-src 'sha256-${hash(ASSETS.script)}'`,
    `style-src 'sha256-${hash(ASSETS.style)}'`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(html).not.toMatch(/<(link|img|iframe|object|embed)\b/);
});

it("tells its tab from others: verdict, scenario, run, kernel", () => {
  expect(/<title>(.*)<\/title>/.exec(render(TW_REUSE))?.[1]).toMatch(
    /^✗ tw-reuse · [0-9A-Z]{10} · Linux 6\.18\.44 · churnlab$/,
  );
});

it("says what a gate found in its first sentence", () => {
  const [, headline = ""] = /class="headline">(.*?)<\/p>/.exec(render(TW_REUSE)) ?? [];
  expect(headline.replaceAll(/<[^>]*>/g, "").replaceAll("\u00a0", " ")).toMatch(
    /^✗ 1 of 3 gates failed: client\.failures\.EADDRNOTAVAIL of baseline: .*1 152/,
  );
});

it("has one heading of the first rank, and every section in its contents", () => {
  const html = render(TW_REUSE);
  expect(html.match(/<h1/g)).toHaveLength(1);
  const sections = [...html.matchAll(/<section id="([\w-]+)" class="section"/g)].map(
    ([, id]) => id,
  );
  const links = [...html.matchAll(/<a href="#([\w-]+)">/g)].map(([, id]) => id);
  expect(links).toEqual(sections);
  expect(sections).toEqual(
    expect.arrayContaining([
      "capacity",
      "gates",
      "over-time",
      "port-model",
      "comparison",
      "latency",
      "failures",
      "sysctls",
      "trials",
      "harness",
      "environment",
      "reproduce",
    ]),
  );
});

it("draws a heat map only for a sweep, and a dose and its response for one axis of numbers", () => {
  expect(render(TW_REUSE)).not.toContain('id="sweep"');
  const oneAxis = TWO_SECONDS.replace(
    "replicates: 1",
    "matrix: { workload.arrival.rate: [50/s, 100/s, 200/s] }",
  );
  expect(render(oneAxis)).toContain(
    "dots their medians, the dashed line is what the port model predicts",
  );
});

it("draws the three axes that matter most of a sweep over four, and says what the others are", () => {
  const fourAxes = TWO_SECONDS.replace(
    "replicates: 1",
    `matrix:
  workload.arrival.rate: [50/s, 100/s]
  sysctls.client.net.ipv4.ip_local_port_range: ["30000 30099", "30000 30399"]
  sysctls.client.net.ipv4.tcp_tw_reuse: [0, 1]
  sysctls.target.net.core.somaxconn: [128, 4096]`,
  );
  expect(render(fourAxes).replaceAll("\u00a0", " ")).toContain(
    "Drawn are the 3 fields that move it most; each number is the median over all values of the others: core.somaxconn.",
  );
});

it("names the percentiles along the axis of latencies", () => {
  const svg = /<section id="latency".*?<svg.*?<\/svg>/s.exec(render(TW_REUSE))?.[0] ?? "";
  for (const label of ["50 %", "90 %", "99 %", "99.9 %"]) expect(svg).toContain(`>${label}<`);
});

it("says once why nothing of a table can be judged", () => {
  const html = render(TW_REUSE.replace("replicates: 6", "replicates: 3"));
  const [, section = ""] = /<section id="comparison"(.*?)<\/section>/s.exec(html) ?? [];
  expect(section.match(/an interval needs 5, a claim 8 or more/g)).toHaveLength(1);
  expect(section).not.toContain("need ≥");
  expect(section).toContain('<td class="right">~</td>');
});
