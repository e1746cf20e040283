import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readNetworkDevices } from "../src/network-devices.ts";
import { openNetworkNamespace } from "../src/network-namespace.ts";
import { type Probe, runProbe } from "../src/probe.ts";
import { runProbes } from "../src/probes.ts";

describe("the probes of a machine", () => {
  test("find what trials need here, and say what each is for", async () => {
    const results = await runProbes();
    const found = new Map(results.map(({ id, status }) => [id, status]));
    const needed = ["node", "network-namespace", "veth", "sysctl", "sock-diag", "packet-capture"];
    expect(needed.map((id) => [id, found.get(id)])).toEqual(needed.map((id) => [id, "ok"]));
    expect(results.filter(({ why, what }) => why === "" || what === "")).toEqual([]);
    expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
  });

  test("offer a fix for exactly what is not well", async () => {
    const results = await runProbes();
    const wrong = results.filter(({ status, fix }) => (status === "ok") !== (fix === null));
    expect(wrong).toEqual([]);
  });

  test("change nothing of the host", async () => {
    using host = openNetworkNamespace("/proc/thread-self/ns/net");
    const read = () => [
      readNetworkDevices(host).map(({ name }) => name),
      readFileSync("/proc/sys/net/ipv4/tcp_tw_reuse", "utf8"),
      readFileSync("/proc/self/mounts", "utf8"),
    ];
    const before = read();
    await runProbes();
    expect(read()).toEqual(before);
  });
});

test("a probe that throws has failed, with the error's hint as its fix", async () => {
  const probe: Probe = {
    id: "x",
    group: "base",
    why: "to see",
    fix: "the general fix",
    attempt() {
      throw Object.assign(new Error("broken"), { hint: "the particular fix" });
    },
  };
  expect(await runProbe(probe)).toEqual({
    id: "x",
    group: "base",
    status: "fail",
    what: "broken",
    why: "to see",
    fix: "the particular fix",
  });
});
