import { describe, expect, test } from "vitest";
import { hashFacts } from "../src/fingerprint.ts";
import { collectFacts, listVaryingFacts, openStore } from "../src/index.ts";
import { completed, scenario, spec, start, TemporaryDirectory, trialOf } from "./made-run.ts";

const facts = { "kernel.release": "6.18.44", "cpu.count": "2", hz: "250" };

/** The fingerprint of a run whose first trial had these facts and this engine. */
function fingerprintOf(change: object, engine = "net"): string | null {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  const runId = store.startRun(start);
  const environment = { facts: { ...facts, ...change } };
  store.saveAttempt(runId, {
    trial: trialOf(0),
    outcome: completed({ environment, engine }),
    attempt: 1,
  });
  return store.loadRun(runId).fingerprint;
}

describe("the fingerprint of a run", () => {
  const usual = fingerprintOf({});

  test("is sixteen hexadecimal digits, the same for the same place", () => {
    expect(usual).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprintOf({})).toBe(usual);
  });

  test.each([
    ["the kernel", { "kernel.release": "6.1.0" }],
    ["the number of processors", { "cpu.count": "4" }],
    ["a sysctl that the scenario does not set", { "client.net.ipv4.tcp_timestamps": "0" }],
  ])("changes with %s", (_, change) => {
    expect(fingerprintOf(change)).not.toBe(usual);
  });

  test("changes with the engine", () => {
    expect(fingerprintOf({}, "ring")).not.toBe(usual);
  });

  test("changes with a setting of connection tracking only where connections were tracked", () => {
    const setting = { "target.net.netfilter.nf_conntrack_max": "1000" };
    const idle = { "target.conntrack": "idle" };
    const tracks = { "target.conntrack": "tracks" };
    expect(fingerprintOf({ ...setting, ...idle })).toBe(fingerprintOf(idle));
    expect(fingerprintOf({ ...setting, ...tracks })).not.toBe(fingerprintOf(tracks));
    expect(fingerprintOf(tracks)).not.toBe(fingerprintOf(idle));
  });

  test("changes with a sysctl that every variant pins, and not with one that variants differ in", () => {
    const key = "client.net.ipv4.tcp_tw_reuse";
    expect(fingerprintOf({ [key]: "0" })).not.toBe(fingerprintOf({ [key]: "1" }));
    const sysctls = { client: { "net.ipv4.tcp_tw_reuse": "1" } };
    const variants = scenario.variants.map((variant, i) =>
      i === 0 ? variant : { ...variant, spec: { ...spec, sysctls } },
    );
    expect(hashFacts({ [key]: "0" }, { variants })).toBe(hashFacts({ [key]: "1" }, { variants }));
  });

  test("is the first trial's that knows where it ran", () => {
    using directory = new TemporaryDirectory();
    using store = openStore(directory.file("runs.db"), { mode: "write" });
    const runId = store.startRun(start);
    store.saveAttempt(runId, {
      trial: trialOf(0),
      outcome: completed({ environment: null }),
      attempt: 1,
    });
    expect(store.loadRun(runId).fingerprint).toBeNull();
    store.saveAttempt(runId, { trial: trialOf(1), outcome: completed(), attempt: 1 });
    expect(store.loadRun(runId).fingerprint).toBe(usual);
    store.saveAttempt(runId, {
      trial: trialOf(2),
      outcome: completed({ environment: { facts: { hz: "1000" } } }),
      attempt: 1,
    });
    expect(store.loadRun(runId).fingerprint).toBe(usual);
  });
});

test("facts on which trials disagree keep all their values", () => {
  const places = [
    { environment: { facts: { hz: "250", "cpu.count": "2" } }, engine: "ring" },
    { environment: null, engine: "undici" },
    { environment: { facts: { hz: "250", "cpu.count": "4" } }, engine: "net" },
  ];
  expect(collectFacts(places)).toEqual({ "cpu.count": "2 | 4", engine: "net | ring", hz: "250" });
});

test("what variants vary is known from the scenario, and what all pin does not vary", () => {
  const workload = { ...spec.workload, engine: "ring" } as const;
  const gateway = { ...spec, workload, topology: "gateway" } as const;
  const variants = [
    { name: "direct", baseline: true, spec },
    { name: "gateway", baseline: false, spec: { ...gateway, sysctls: {} } },
  ];
  const keys = ["engine", "hz", "client.net.ipv4.tcp_tw_reuse", "upstream.net.ipv4.tcp_tw_reuse"];
  expect(listVaryingFacts(scenario, keys)).toEqual([]);
  expect(listVaryingFacts({ variants }, keys)).toEqual(keys.filter((key) => key !== "hz"));
});
