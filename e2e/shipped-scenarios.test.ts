/** Each shipped scenario shows what its file says. Run as shipped, but shorter, with gates that ask the same. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import type { PlanListener } from "@churnlab/control";
import type { Role } from "@churnlab/core";
import { openNetworkNamespace } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { HASTE, verdictsOf } from "./docker/conformance.ts";
import { runVariants, type VariantResult } from "./run-variants.ts";

const SCENARIOS = path.resolve(import.meta.dirname, "../scenarios");

type Edit = readonly [text: string, by: string];

/**
 * How each is made short; one that is short stays as it is. What a pace is not needed for asks as fast as it is answered, so that
 * a busy machine makes it longer and nothing else.
 */
const SHORTENED = {
  "compare-servers": [
    ["{ model: open, rate: 400/s }", "{ model: closed, connections: 4, limit: 400 }"],
    ["warmUp: 1s, ", ""],
    ["equals: 3200", "equals: 400"],
  ],
  "fin-timeout-myth": [
    ["rate: 60/s", "rate: 120/s"],
    ["measure: 10s, drain: 66s", "measure: 500ms"],
    ["succeeded, equals: 600", "succeeded, equals: 60"],
    ["peak, equals: 600", "peak, equals: 60"],
    ["end, equals: 0", "end, equals: 60"],
  ],
  // As many in a second as there are ports would leave none that is old enough to be taken over.
  "gateway-exhaustion": [
    ["rate: 200/s", "rate: 60/s"],
    ["measure: 8s", "measure: 1800ms"],
    ["40000 40499", "40000 40099"],
    [
      "established, variant: short-lived, equals: 500",
      "established, variant: short-lived, equals: 100",
    ],
    [
      "succeeded, variant: short-lived, equals: 500",
      "succeeded, variant: short-lived, equals: 100",
    ],
  ],
  "nginx-keepalive": [],
  "nginx-upstream": [
    ["{ model: open, rate: 200/s }", "{ model: closed, connections: 4, limit: 1000 }"],
  ],
  // What overflows does so in the first moment; for how long clients try again is not what the gates ask.
  "somaxconn-backlog": [["connect: 5s, response: 5s", "connect: 700ms, response: 700ms"]],
} as const satisfies Readonly<Record<string, readonly Edit[]>>;

/** Run in full by docker-compose.yml, and there its gates have to pass. */
const COMPOSED = "quickstart";

type Name = keyof typeof SHORTENED;

function shorten(name: Name): string {
  const edits: readonly Edit[] = SHORTENED[name];
  return edits.reduce(
    (text, [part, by]) => {
      if (!text.includes(part)) throw new Error(`${name} has no ${part}`);
      return text.replace(part, by);
    },
    readFileSync(path.join(SCENARIOS, `${name}.yaml`), "utf8"),
  );
}

/** Runs it, and expects that all its gates hold; its results by variant. */
async function run(
  name: Name,
  onPhase: PlanListener["onPhase"] = () => {},
): Promise<Map<string, VariantResult>> {
  const text = shorten(name);
  const results = await runVariants(text, null, onPhase);
  const verdicts = verdictsOf(text, results);
  expect(verdicts.length).toBeGreaterThanOrEqual(2);
  expect(verdicts.filter((verdict) => !verdict.endsWith(": pass"))).toEqual([]);
  return new Map(Object.entries(results));
}

/** A measurement by variant. */
function each(
  results: Map<string, VariantResult>,
  role: Role,
  metric: string,
): Record<string, number> {
  return Object.fromEntries([...results].map(([name, result]) => [name, result.of(role, metric)]));
}

it("every shipped scenario is run by a test", () => {
  const shipped = readdirSync(SCENARIOS).map((file) => path.basename(file, ".yaml"));
  const tested = [...Object.keys(SHORTENED), ...Object.keys(HASTE), COMPOSED];
  expect(shipped.toSorted()).toEqual(tested.toSorted());
});

describe("the shipped scenario", () => {
  it("compare-servers: four servers answer all alike, and a framework costs more CPU time than none", async () => {
    const results = await run("compare-servers");
    const costs = each(results, "target", "cpu.us_per_connection");
    expect(Object.keys(costs).toSorted()).toEqual(["builtin", "fastify", "nginx", "node:http"]);
    expect(Math.min(...Object.values(costs))).toBeGreaterThan(0);
    expect(costs["fastify"]).toBeGreaterThan(costs["builtin"] ?? 0);
  });

  it("fin-timeout-myth: a TIME_WAIT has a minute to go, whatever tcp_fin_timeout says", async () => {
    const left = new Map<string, readonly number[]>();
    await run("fin-timeout-myth", ({ variant }, phase) => {
      if (phase === "drain") left.set(variant, readTimeWaits());
    });
    expect(left.size).toBe(3);
    for (const times of left.values()) {
      expect(times).toHaveLength(60);
      expect(Math.min(...times)).toBeGreaterThan(50);
      expect(Math.max(...times)).toBeLessThan(65);
    }
  });

  it("gateway-exhaustion: as many answers as ports, unless ports are reused, many, or not needed", async () => {
    const results = await run("gateway-exhaustion");
    expect(each(results, "client", "requests.failed")).toEqual({
      "short-lived": 8,
      "tw_reuse=1": 0,
      "wide range": 0,
      pooled: 0,
    });
    const reused = results.get("tw_reuse=1");
    expect(reused?.of("target", "tcpext.TWRecycled")).toBe(
      108 - (reused?.of("target", "ports.used_peak") ?? 0),
    );
    expect(results.get("wide range")?.of("target", "tcpext.TWRecycled")).toBe(0);
  });

  it("nginx-keepalive: a connection for each keepalive_requests, or for each request", async () => {
    const results = await run("nginx-keepalive");
    const opened = each(results, "client", "connections.succeeded");
    expect(opened).toEqual(each(results, "target", "tcp.PassiveOpens"));
  });

  it("nginx-upstream: 500 answers from 500 ports, or all over a pool", async () => {
    const results = await run("nginx-upstream");
    expect(each(results, "client", "requests.failed")).toEqual({
      "keepalive=off": 500,
      "keepalive=16": 0,
    });
  });

  it("somaxconn-backlog: the smaller of the two decides whether anything overflows, cookies or not", async () => {
    const results = await run("somaxconn-backlog");
    const overflows = each(results, "target", "tcpext.ListenOverflows");
    expect(Object.keys(overflows)).toHaveLength(8);
    for (const [variant, count] of Object.entries(overflows)) {
      const fits = variant.startsWith("somaxconn=4096,backlog=4096,");
      expect([variant, count > 0]).toEqual([variant, !fits]);
    }
  });
});

/** Seconds that each socket in TIME_WAIT has to go, in all namespaces that this process holds. */
function readTimeWaits(): number[] {
  const own = readlinkSync("/proc/self/ns/net");
  const held = readdirSync("/proc/self/fd").map((fd) => [fd, linkOf(fd)] as const);
  const others = new Map(
    held
      .filter(([, link]) => link.startsWith("net:[") && link !== own)
      .map(([fd, link]) => [link, fd]),
  );
  return [...others.values()].flatMap((fd) => {
    using namespace = openNetworkNamespace(`/proc/self/fd/${fd}`);
    const { stdout } = namespace.run(() =>
      spawnSync("ss", ["-Htano", "state", "time-wait"], { encoding: "utf8" }),
    );
    return [...stdout.matchAll(/timer:\(timewait,(?:(\d+)min)?(?:([\d.]+)sec)?/g)].map(
      ([, min = 0, s = 0]) => 60 * Number(min) + Number(s),
    );
  });
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // it was the folder's own
  }
}
