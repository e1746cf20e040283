/** What runs out in a real trial is named, with the numbers that show it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type NetworkNamespace,
  openNetworkNamespace,
  readConntrackMax,
  readOpenFileLimit,
} from "@churnlab/linux";
import { describe, expect, it, onTestFinished } from "vitest";
import { limitsOf, runOne } from "./run-one.ts";

/** Sets the limit on open files of this process, until the test has ended. */
function limitOpenFiles(): (count: number) => void {
  const { soft, hard } = readOpenFileLimit();
  const limitTo = (count: number): void => {
    spawnSync("prlimit", ["--pid", String(process.pid), `--nofile=${count}:${hard}`]);
  };
  onTestFinished(() => limitTo(soft));
  return limitTo;
}

interface CommandTarget {
  readonly folder: string;
  /** As a scenario has it. */
  readonly command: string;
  /** The target's namespace, once it stands. */
  readonly enter: () => NetworkNamespace;
}

/** A server that accepts and is silent, whose namespace can be found by its process. */
function aCommandTarget(listenAt: string): CommandTarget {
  const folder = mkdtempSync(path.join(tmpdir(), "churnlab-limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pidFile = path.join(folder, "pid");
  const server = `require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); require("net").createServer().listen(${listenAt})`;
  return {
    folder,
    command: JSON.stringify([process.execPath, "-e", server]),
    enter: () => openNetworkNamespace(`/proc/${readFileSync(pidFile, "utf8")}/ns/net`),
  };
}

/** Handshakes begin and never end: what the host's listeners answer is dropped on its way out. */
function loseSynAcks(namespace: NetworkNamespace): void {
  const rules = `add table inet t
    add chain inet t o { type filter hook output priority 0; }
    add rule inet t o tcp flags & (syn | ack) == (syn | ack) drop`;
  const { status, stderr } = namespace.run(() =>
    spawnSync("nft", ["-f", "-"], { input: rules, encoding: "utf8" }),
  );
  if (status !== 0) throw new Error(`no rule was set: ${stderr}`);
}

/** Fills a namespace's table with entries that the kernel does not evict for new ones, and has its packets tracked. */
function fillConntrack(
  namespace: NetworkNamespace,
  { folder, max }: { readonly folder: string; readonly max: number },
): void {
  const file = path.join(folder, "entries");
  const entries = Array.from({ length: max }, (_, i) => {
    const [net, port] = [1 + Math.floor(i / 65_000), 1 + (i % 65_000)];
    return `-I -p tcp -s 198.19.${net}.1 -d 198.19.${net}.2 --sport ${port} --dport 9 --state ESTABLISHED -u ASSURED,SEEN_REPLY -t 600`;
  });
  writeFileSync(file, entries.join("\n"));
  const script = `
    nft add table inet t
    nft add chain inet t p '{ type filter hook prerouting priority 0; }'
    nft add rule inet t p ct state new accept
    conntrack -R ${file} 2> ${folder}/log
    test "$(conntrack -C)" -eq ${max}`;
  const { status, stderr } = namespace.run(() =>
    spawnSync("sh", ["-ec", script], { encoding: "utf8", timeout: 60_000 }),
  );
  if (status !== 0) throw new Error(`the table was not filled: ${stderr}`);
}

describe("a shortage", () => {
  it("of the accept queue is named, at a target that never accepts", async () => {
    const outcome = await runOne(`
target: { backlog: 4, misbehaviour: never-accept }
workload: { kind: short-lived, arrival: { model: open, rate: 30/s }, timeouts: { connect: 300ms, response: 300ms } }
phases: { measure: 1s }`);
    const limit = limitsOf(outcome).find(({ kind }) => kind === "limit.accept-queue");
    expect(limit).toMatchObject({ role: "target" });
    expect(limit?.detail["target.tcpext.ListenOverflows"]).toBeGreaterThan(0);
    expect(outcome.record.listenerQueues.map(({ depth }) => depth)).toContain(5);
  });

  it.each([
    ["0", ["limit.syn-queue"], "TCPReqQFullDrop", 41],
    ["1", ["limit.syn-queue"], "TCPReqQFullDoCookies", 41],
    ["2", [], "TCPReqQFullDoCookies", 50],
  ])("of the SYN queue with tcp_syncookies=%s is %j, where SYN-ACKs are lost", async (...row) => {
    const [syncookies, kinds, counter, count] = row;
    const { command, enter } = aCommandTarget("{ port: 8080, backlog: 8 }");
    const outcome = await runOne(
      `
target: { command: ${command} }
workload: { kind: short-lived, arrival: { model: open, rate: 50/s }, timeouts: { connect: 300ms, response: 300ms } }
sysctls: { target: { net.ipv4.tcp_syncookies: ${syncookies} } }
phases: { measure: 1s }`,
      () => {
        using namespace = enter();
        loseSynAcks(namespace);
      },
    );
    expect(outcome.record.failures).toMatchObject([{ errno: "ETIMEDOUT", count: 50 }]);
    const limits = limitsOf(outcome).filter(({ role }) => role === "target");
    expect(limits.map(({ kind }) => kind)).toEqual(kinds);
    const metric = `tcpext.${counter}`;
    const counted = outcome.record.measurements.find(
      (each) => each.role === "target" && each.metric === metric,
    );
    // A queue holds its backlog and one more.
    expect(counted?.value).toBe(count);
    for (const { detail } of limits) expect(detail[`target.${metric}`]).toBe(count);
  });

  it.each([
    ["none", "limit.ports", "connect.EADDRNOTAVAIL"],
    ["address", "limit.bound-ports", "bind.EADDRINUSE"],
  ])("of 100 ports, with bind: %s, is %s for the other 100 connections", async (...row) => {
    const [bind, kind, failures] = row;
    const outcome = await runOne(`
workload: { kind: short-lived, closer: client, bind: ${bind}, arrival: { model: open, rate: 200/s } }
sysctls: { client: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.tcp_tw_reuse: 0 } }
phases: { measure: 1s }`);
    expect(limitsOf(outcome)).toMatchObject([{ kind, role: "client" }]);
    expect(limitsOf(outcome)[0]?.detail).toMatchObject({
      [failures]: 100,
      "client.ports.used_peak": 100,
      "client.ports.range": 100,
    });
  });

  it("of one chosen port is told from a range that is used up", async () => {
    const outcome = await runOne(`
workload: { kind: short-lived, closer: client, bind: port, arrival: { model: open, rate: 200/s } }
sysctls:
  client: { net.ipv4.ip_local_port_range: 40000 40099, net.ipv4.tcp_timestamps: 0 }
phases: { measure: 1s }`);
    expect(limitsOf(outcome)).toMatchObject([{ kind: "limit.chosen-port", role: "client" }]);
    const kinds = outcome.record.events.map(({ kind }) => kind);
    expect(kinds).toContain("ports.busy");
    expect(kinds).not.toContain("ports.exhausted");
  });

  it("of room for TIME_WAIT is named, with how many were refused", async () => {
    const outcome = await runOne(`
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }
sysctls: { client: { net.ipv4.tcp_max_tw_buckets: 10 } }
phases: { measure: 1s }`);
    expect(limitsOf(outcome)).toMatchObject([
      {
        kind: "limit.time-wait-buckets",
        role: "client",
        detail: { "client.tcpext.TCPTimeWaitOverflow": 90 },
      },
    ]);
  });

  it("of descriptors is named, and makes the trial one about this process", async () => {
    const limitTo = limitOpenFiles();
    const outcome = await runOne(
      `
workload: { kind: hold, engine: epoll, arrival: { model: open, rate: 400/s } }
target: { engine: epoll }
phases: { measure: 1s }`,
      () => limitTo(Math.max(...readdirSync("/proc/self/fd").map(Number)) + 150),
    );
    expect(outcome.state).toBe("invalid");
    const limit = limitsOf(outcome).find(({ kind }) => kind === "limit.descriptors");
    expect(limit?.detail["connect.EMFILE"]).toBeGreaterThan(0);
    expect(outcome.record.warnings.map(({ code }) => code)).toContain("W_NO_DESCRIPTORS");
  });

  it("of descriptors of the server is its own, with the connections that it could not accept and when", async () => {
    // A server leaves 256 descriptors to the rest of its process, and so does each of two workers.
    limitOpenFiles()(256 + 50);
    const outcome = await runOne(`
workload: { kind: hold, engine: epoll, workers: 2, arrival: { model: closed, connections: 60 } }
target: { engine: epoll }
phases: { measure: 1s }`);
    const { warnings, events, measurements } = outcome.record;
    const limits = limitsOf(outcome).filter(({ kind }) => kind === "limit.descriptors");
    expect(limits.map(({ role }) => role)).toEqual(["target"]);
    const counted = measurements.find(({ metric }) => metric === "accept_failures.EMFILE");
    expect(counted?.role).toBe("target");
    expect(counted?.value).toBeGreaterThan(0);
    expect(limits[0]?.detail["target.accept_failures.EMFILE"]).toBe(counted?.value);
    const failed = events.filter(({ kind }) => kind === "accept.failed");
    expect(failed).toMatchObject([{ role: "target", detail: { errno: "EMFILE" } }]);
    expect(failed[0]?.tMs).toBeGreaterThanOrEqual(0);
    const warning = warnings.find(({ code }) => code === "W_TARGET_DESCRIPTORS");
    expect(warning?.message).toContain("ulimit -n");
    // The others wait in the accept queue, which a look each second sees.
    const depths = outcome.record.listenerQueues
      .filter(({ role }) => role === "target")
      .map(({ depth }) => depth);
    expect(Math.max(...depths)).toBe(10);
  });

  it("of descriptors of a program that is not ours is seen from outside: as many are open as it may have", async () => {
    const { command } = aCommandTarget("8080");
    const [program, ...rest] = JSON.parse(command) as string[];
    const limited = JSON.stringify(["prlimit", "--nofile=60", "--", program, ...rest]);
    const outcome = await runOne(`
target: { command: ${limited} }
workload: { kind: hold, engine: epoll, arrival: { model: closed, connections: 60 }, timeouts: { connect: 500ms, response: 500ms } }
phases: { measure: 1s }`);
    const { measurements, warnings } = outcome.record;
    const of = (metric: string): number | undefined =>
      measurements.find((each) => each.role === "target" && each.metric === metric)?.value;
    expect(of("descriptors.limit")).toBe(60);
    // A descriptor that was inherited from beyond the limit counts too.
    expect(of("descriptors.peak")).toBeGreaterThanOrEqual(60);
    expect(warnings.map(({ code }) => code)).toContain("W_TARGET_DESCRIPTORS");
  });

  it("of room for tracked connections is named, with the peak beside the maximum", async () => {
    const { folder, command, enter } = aCommandTarget("8080");
    let max = 0;
    const outcome = await runOne(
      `
target: { command: ${command} }
workload: { kind: short-lived, arrival: { model: open, rate: 5/s }, timeouts: { connect: 500ms, response: 500ms } }
phases: { measure: 1s }`,
      () => {
        using namespace = enter();
        max = readConntrackMax(namespace) ?? 0;
        fillConntrack(namespace, { folder, max });
      },
    );
    expect(outcome.record.failures).toMatchObject([{ errno: "ETIMEDOUT", count: 5 }]);
    const limit = limitsOf(outcome).find(({ kind }) => kind === "limit.conntrack");
    expect(limit).toMatchObject({
      role: "target",
      detail: { "target.conntrack.peak": max, "target.conntrack.max": max },
    });
    // Each SYN, and each that is sent again.
    expect(limit?.detail["target.conntrack.dropped"]).toBeGreaterThanOrEqual(5);
    expect(outcome.record.environment?.facts).toMatchObject({
      "client.conntrack": "idle",
      "target.conntrack": "tracks",
      "target.net.netfilter.nf_conntrack_max": String(max),
      "target.device.qdisc": "noqueue",
    });
  });
});
