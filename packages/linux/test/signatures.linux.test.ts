/** What each kind of shortage leaves in the kernel's counters and queues, so that a failed trial can name its cause. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readConntrackMax } from "../src/conntrack.ts";
import { openCounters } from "../src/counters.ts";
import { readQueues } from "../src/listen-queues.ts";
import type { NetworkNamespace } from "../src/network-namespace.ts";
import { SockDiag } from "../src/sock-diag.ts";
import { applySysctls } from "../src/sysctls.ts";
import { eventually } from "./fixtures/eventually.ts";
import { churnOnce, close, connect, listen, startConnect } from "./fixtures/raw-sockets.ts";
import { FLAG, RawTcp } from "./fixtures/raw-tcp.ts";
import { makeTwoHosts, TARGET, type TwoHosts } from "./fixtures/two-hosts.ts";

const AT = { host: TARGET, port: 80 };

function run(namespace: NetworkNamespace, command: string): string {
  const { stdout, stderr } = namespace.run(() =>
    spawnSync("sh", ["-ec", command], { encoding: "utf8" }),
  );
  expect(stderr).toBe("");
  return stdout.trim();
}

function churn(hosts: TwoHosts, times: number): void {
  const listener = listen(hosts.target, AT);
  for (let index = 0; index < times; index += 1) {
    churnOnce(hosts.client, { ...AT, listener }, "client");
  }
  close(listener);
}

test("a full accept queue drops the SYN: ListenOverflows and ListenDrops, and no reset", async () => {
  using hosts = makeTwoHosts();
  using counters = openCounters(hosts.target);
  const listener = listen(hosts.target, AT, 2);
  const waiting = Array.from({ length: 3 }, () => connect(hosts.client, AT));
  const dropped = startConnect(hosts.client, AT);
  await eventually(() => {
    const { counters: seen } = counters.read();
    const drops = seen["tcpext.ListenDrops"];
    // The client sends it again after a second.
    expect(drops).toBeGreaterThanOrEqual(1);
    expect(seen).toMatchObject({ "tcpext.ListenOverflows": drops, "tcp.OutRsts": 0 });
  });
  using diag = new SockDiag(hosts.target);
  expect(readQueues(diag).listeners).toMatchObject([{ depth: 3, limit: 2 }]);
  for (const fd of [...waiting, dropped, listener]) close(fd);
});

/** SYNs from addresses that never answer, as a flood has them. */
function flood(hosts: TwoHosts, count: number): void {
  run(hosts.target, "ip route add 198.19.255.0/24 dev t0");
  run(hosts.target, "ip neigh add 198.19.255.1 lladdr 02:00:00:00:00:99 dev t0 nud permanent");
  using raw = new RawTcp(hosts.client);
  for (let index = 0; index < count; index += 1) {
    const from = { host: "198.19.255.1", port: 1024 + index };
    raw.send({ from, to: AT, flags: FLAG.SYN, sequence: index });
  }
}

describe("a SYN queue that is full", () => {
  test("drops without cookies: backlog + 1 wait, all others are TCPReqQFullDrop", async () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.target, { "net.ipv4.tcp_syncookies": "0" });
    using counters = openCounters(hosts.target);
    const listener = listen(hosts.target, AT, 8);
    flood(hosts, 300);
    await eventually(() => {
      expect(counters.read().counters).toMatchObject({
        "tcpext.TCPReqQFullDrop": 291,
        "tcpext.ListenDrops": 291,
        "tcpext.TCPReqQFullDoCookies": 0,
      });
    });
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag, { countSynReceived: true }).synReceived).toBe(9);
    close(listener);
  });

  test("drops without cookies at 3/4 of a small tcp_max_syn_backlog, which is ListenDrops alone", async () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.target, {
      "net.ipv4.tcp_syncookies": "0",
      "net.ipv4.tcp_max_syn_backlog": "16",
    });
    using counters = openCounters(hosts.target);
    const listener = listen(hosts.target, AT, 64);
    flood(hosts, 300);
    await eventually(() => {
      expect(counters.read().counters).toMatchObject({
        "tcpext.ListenDrops": 287,
        "tcpext.TCPReqQFullDrop": 0,
        "tcpext.ListenOverflows": 0,
      });
    });
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag, { countSynReceived: true }).synReceived).toBe(13);
    close(listener);
  });

  test("answers with cookies by default: all others are TCPReqQFullDoCookies", async () => {
    using hosts = makeTwoHosts();
    using counters = openCounters(hosts.target);
    const listener = listen(hosts.target, AT, 8);
    flood(hosts, 300);
    await eventually(() => {
      expect(counters.read().counters).toMatchObject({
        "tcpext.TCPReqQFullDoCookies": 291,
        "tcpext.SyncookiesSent": 291,
        "tcpext.TCPReqQFullDrop": 0,
      });
    });
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag, { countSynReceived: true }).synReceived).toBe(9);
    close(listener);
  });

  test("cannot be told from one with cookies always by counters alone: all are counted, none waits", async () => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.target, { "net.ipv4.tcp_syncookies": "2" });
    using counters = openCounters(hosts.target);
    const listener = listen(hosts.target, AT, 8);
    flood(hosts, 300);
    await eventually(() => {
      expect(counters.read().counters).toMatchObject({
        "tcpext.TCPReqQFullDoCookies": 300,
        "tcpext.SyncookiesSent": 300,
      });
    });
    using diag = new SockDiag(hosts.target);
    expect(readQueues(diag, { countSynReceived: true }).synReceived).toBe(0);
    close(listener);
  });
});

test("a limit on TIME_WAIT shows as TCPTimeWaitOverflow, one per socket refused", async () => {
  using hosts = makeTwoHosts();
  applySysctls(hosts.client, { "net.ipv4.tcp_max_tw_buckets": "10" });
  using counters = openCounters(hosts.client);
  churn(hosts, 50);
  await eventually(() => {
    const { gauges, counters: now } = counters.read();
    expect(gauges["time_wait"]).toBe(10);
    expect(now["tcpext.TCPTimeWaitOverflow"]).toBe(40);
    expect(now["tcpext.TW"]).toBe(10);
  });
});

test("the gauge of TIME_WAIT is what was created less what was recycled, while none has expired", async () => {
  using hosts = makeTwoHosts();
  applySysctls(hosts.client, {
    "net.ipv4.ip_local_port_range": "40000 40049",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.tcp_tw_reuse_delay": "1",
  });
  using reader = openCounters(hosts.client);
  const listener = listen(hosts.target, AT);
  for (let index = 0; index < 200; index += 1) {
    churnOnce(hosts.client, { ...AT, listener }, "client");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  close(listener);
  await eventually(() => {
    const { gauges, counters } = reader.read();
    const created = (counters["tcpext.TW"] ?? 0) + (counters["tcpext.TWKilled"] ?? 0);
    expect(created).toBe(200);
    expect(counters["tcpext.TWRecycled"]).toBeGreaterThanOrEqual(150);
    expect(gauges["time_wait"]).toBe(created - (counters["tcpext.TWRecycled"] ?? 0));
  });
});

describe("connection tracking", () => {
  test("counts nothing until a rule asks for it, then as conntrack does", async () => {
    using hosts = makeTwoHosts();
    using counters = openCounters(hosts.client);
    churn(hosts, 5);
    expect(counters.read().gauges["conntrack"]).toBe(0);
    run(
      hosts.client,
      "nft add table inet t; nft add chain inet t o '{ type filter hook output priority 0; }'; nft add rule inet t o ct state new accept",
    );
    churn(hosts, 7);
    await eventually(() => {
      expect(counters.read().gauges["conntrack"]).toBe(7);
    });
    expect(run(hosts.client, "conntrack -C")).toBe("7");
    expect(counters.read().counters["conntrack.drop"]).toBe(0);
  });

  test("has a maximum, which is the host's", () => {
    using hosts = makeTwoHosts();
    const max = run(hosts.client, "cat /proc/sys/net/netfilter/nf_conntrack_max");
    expect(readConntrackMax(hosts.client)).toBe(Number(max));
    expect(() => applySysctls(hosts.client, { "net.netfilter.nf_conntrack_max": "10" })).toThrow(
      expect.objectContaining({ code: "E_SYSCTL_NOT_NAMESPACED" }),
    );
  });
});
