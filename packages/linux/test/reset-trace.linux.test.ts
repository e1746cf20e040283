import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { openCounters } from "../src/counters.ts";
import { explainReset, type ResetCause, type ResetEvidence } from "../src/explain-reset.ts";
import { ResetCapture } from "../src/reset-capture.ts";
import type { TracedReset } from "../src/reset-events.ts";
import { ResetTrace } from "../src/reset-trace.ts";
import { IPPROTO_TCP, SOL_SOCKET } from "../src/socket-abi.ts";
import { applySysctls } from "../src/sysctls.ts";
import { cleanStaleTraceInstances, TraceInstance } from "../src/tracefs.ts";
import { eventually } from "./fixtures/eventually.ts";
import {
  abort,
  accept,
  close,
  connect,
  dissolve,
  listen,
  localEndpoint,
  receive,
  send,
  setOption,
  shutdown,
  startConnect,
} from "./fixtures/raw-sockets.ts";
import { FLAG, RawTcp, type Segment } from "./fixtures/raw-tcp.ts";
import {
  CLIENT,
  CLIENT6,
  makeTwoHosts,
  TARGET,
  TARGET6,
  type TwoHosts,
} from "./fixtures/two-hosts.ts";

const AT = { host: TARGET, port: 80 };
const TCP_LINGER2 = 8;
const TCP_USER_TIMEOUT = 18;
const SO_KEEPALIVE = 9;
const KEEPALIVE = { IDLE: 4, INTERVAL: 5, COUNT: 6 } as const;

interface Scene {
  readonly hosts: TwoHosts;
  readonly near: number;
  readonly far: number;
  readonly listener: number;
}

/** Plays a scene between two hosts and returns the resets that the kernel traced meanwhile, once there are `count`. */
async function traceScene(count: number, play: (scene: Scene) => Promise<void> | void) {
  using hosts = makeTwoHosts();
  using trace = new ResetTrace({ addresses: [CLIENT, TARGET, CLIENT6, TARGET6] });
  const listener = listen(hosts.target, AT);
  const near = connect(hosts.client, AT);
  const far = accept(listener);
  const resets: TracedReset[] = [];
  await play({ hosts, near, far, listener });
  await eventually(() => {
    resets.push(...trace.drain());
    expect(resets.filter(({ direction }) => direction === "sent")).toHaveLength(count);
  });
  return resets;
}

function firstSent(resets: readonly TracedReset[]): TracedReset | undefined {
  return resets.find(({ direction }) => direction === "sent");
}

function causesOf(
  resets: readonly TracedReset[],
  seen: Pick<ResetEvidence, "overflowAborted"> = {},
): ResetCause[] {
  const sent = resets.filter(({ direction }) => direction === "sent");
  return sent.map((reset) => explainReset({ ...reset, ...seen }));
}

/** Makes the host's packets to the other vanish: the hardware address they are sent to is nobody's. */
function silence(hosts: TwoHosts, side: "client" | "target"): void {
  const [peer, device] = side === "client" ? [TARGET, "c0"] : [CLIENT, "t0"];
  const neighbour = ["neigh", "replace", peer, "lladdr", "02:00:00:00:00:99", "dev", device];
  hosts[side].run(() => spawnSync("ip", [...neighbour, "nud", "permanent"]));
}

/** What the near end would send next, read off the wire. */
async function nextSegment(hosts: TwoHosts, near: number, far: number): Promise<Segment> {
  using wire = new RawTcp(hosts.target);
  send(near, "x");
  expect(receive(far)).toBe("x");
  const { from, to, sequence } = await firstSegment(wire, FLAG.PSH | FLAG.ACK);
  return { from, to, flags: 0, sequence: sequence + 1 };
}

/** The client has closed its half; what comes back acknowledges that. */
function resetInFinWait2({ near, far }: Scene): void {
  shutdown(near, 1);
  receive(far);
  send(far, "x");
  receive(near);
  abort(far);
}

/** The target has closed after the client, and what would acknowledge its FIN is dropped. */
async function resetInLastAck({ hosts, near, far }: Scene): Promise<void> {
  using raw = new RawTcp(hosts.client);
  const { from, to, sequence } = await nextSegment(hosts, near, far);
  shutdown(near, 1);
  receive(far);
  const rules = `add table inet t; add chain inet t i { type filter hook input priority 0; };
    add rule inet t i tcp flags & rst == 0 drop`;
  hosts.target.run(() => spawnSync("nft", [rules]));
  close(far);
  raw.send({ from, to, flags: FLAG.RST, sequence: sequence + 1 });
}

describe("the kernel's reason for a reset", () => {
  test("is that nobody listens, where connect() meets a closed port", async () => {
    const resets = await traceScene(1, ({ hosts }) => {
      expect(connect(hosts.client, { ...AT, port: 81 })).toBe(-111);
    });
    expect(firstSent(resets)).toMatchObject({
      direction: "sent",
      source: TARGET,
      sourcePort: 81,
      destination: CLIENT,
      state: null,
      reason: "NO_SOCKET",
    });
    expect(causesOf(resets)).toEqual(["no-socket"]);
  });

  test("is unread data, where close() leaves some", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      send(near, "never read");
      close(far);
      expect(receive(near)).toBe(-104);
    });
    expect(causesOf(resets)).toEqual(["unread-data"]);
    const received = resets.find(({ direction }) => direction === "received");
    expect(received).toMatchObject({
      source: CLIENT,
      destination: TARGET,
      destinationPort: 80,
      state: "ESTABLISHED",
    });
  });

  test("is unread data too where a reply was sent before, which is read first", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      send(near, "never read");
      send(far, "reply");
      close(far);
      expect(receive(near)).toBe("reply");
      expect(receive(near)).toBe(-104);
    });
    expect(causesOf(resets)).toEqual(["unread-data"]);
  });

  test("SO_LINGER of zero shows as TCP_STATE, and is called a hard close", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      abort(near);
      expect(receive(far)).toBe(-104);
    });
    expect(firstSent(resets)).toMatchObject({
      source: CLIENT,
      state: "CLOSE",
      reason: "TCP_STATE",
    });
    expect(causesOf(resets)).toEqual(["hard-close"]);
  });

  test("connect() to AF_UNSPEC is a hard close", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      dissolve(near);
      expect(receive(far)).toBe(-104);
    });
    expect(causesOf(resets)).toEqual(["hard-close"]);
  });

  test("closing a listener resets the connections in its queue", async () => {
    const resets = await traceScene(3, ({ hosts, listener }) => {
      for (let index = 0; index < 3; index += 1) connect(hosts.client, AT);
      close(listener);
    });
    expect(causesOf(resets)).toEqual(["hard-close", "hard-close", "hard-close"]);
  });

  test("is data after the close, where the peer waits in FIN_WAIT2", async () => {
    const resets = await traceScene(1, async ({ hosts, near, far }) => {
      using counters = openCounters(hosts.target);
      close(far);
      expect(receive(near)).toBe("");
      // Data that came with the acknowledgement of the FIN would still meet the full socket.
      await eventually(() => {
        expect(counters.read().gauges["time_wait"]).toBe(1);
      });
      expect(send(near, "late")).toBe(4);
    });
    expect(firstSent(resets)).toMatchObject({
      state: "TIME_WAIT",
      reason: "TCP_TIMEWAIT_SOCKET",
    });
    expect(causesOf(resets)).toEqual(["data-after-half-close"]);
  });

  test("is data after the close too where a tcp_fin_timeout above 60 keeps a full socket", async () => {
    const resets = await traceScene(1, ({ hosts, near, far }) => {
      applySysctls(hosts.target, { "net.ipv4.tcp_fin_timeout": "120" });
      close(far);
      expect(receive(near)).toBe("");
      send(near, "late");
    });
    expect(causesOf(resets)).toEqual(["data-after-close"]);
  });

  test("is data after the close, where the peer shut down both directions", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      shutdown(far, 2);
      expect(receive(near)).toBe("");
      send(near, "late");
    });
    expect(causesOf(resets)).toEqual(["data-after-close"]);
  });

  test("shutdown of the receiving side alone sends no reset: the data stays readable", async () => {
    const resets = await traceScene(0, ({ near, far }) => {
      shutdown(far, 0);
      send(near, "still read");
      expect(receive(far)).toBe("still read");
    });
    expect(resets).toEqual([]);
  });

  test("is called data after the close where TCP_LINGER2 is negative", async () => {
    const resets = await traceScene(1, ({ near, far }) => {
      setOption(far, { level: IPPROTO_TCP, name: TCP_LINGER2, value: -1 });
      close(far);
      expect(receive(near)).toBe("");
    });
    expect(causesOf(resets)).toEqual(["data-after-close"]);
  });

  test("is a kill from outside, where `ss --kill` ended the socket", async () => {
    const resets = await traceScene(1, ({ hosts, near, far }) => {
      hosts.target.run(() => spawnSync("ss", ["-K", "state", "established"]));
      expect(receive(far)).toBe(-103);
      expect(receive(near)).toBe(-104);
    });
    expect(firstSent(resets)).toMatchObject({ state: "ESTABLISHED", reason: "TCP_STATE" });
    expect(causesOf(resets)).toEqual(["killed"]);
  });

  test("is the keepalive time-out, where nobody answers the probes", async () => {
    const resets = await traceScene(1, async ({ hosts, near }) => {
      setOption(near, { level: IPPROTO_TCP, name: KEEPALIVE.IDLE, value: 1 });
      setOption(near, { level: IPPROTO_TCP, name: KEEPALIVE.INTERVAL, value: 1 });
      setOption(near, { level: IPPROTO_TCP, name: KEEPALIVE.COUNT, value: 2 });
      setOption(near, { level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 });
      silence(hosts, "client");
      expect(receive(near)).toBe(-110);
    });
    expect(firstSent(resets)).toMatchObject({ source: CLIENT, reason: "TCP_KEEPALIVE_TIMEOUT" });
    expect(causesOf(resets)).toEqual(["keepalive-timeout"]);
  });

  test("TCP_USER_TIMEOUT ends without any reset", async () => {
    const resets = await traceScene(0, ({ hosts, near }) => {
      setOption(near, { level: IPPROTO_TCP, name: TCP_USER_TIMEOUT, value: 500 });
      silence(hosts, "client");
      send(near, "lost");
      expect(receive(near)).toBe(-110);
    });
    expect(resets).toEqual([]);
  });

  test("SIGKILL resets a connection with unread data, and only that", async () => {
    const resets = await traceScene(1, async ({ hosts, listener }) => {
      const to = `/dev/tcp/${TARGET}/80`;
      const script = `exec 3<>${to}; exec 4<>${to}; echo up; exec sleep 60`;
      const child = hosts.client.run(() => spawn("bash", ["-c", script]));
      await once(child.stdout, "data");
      const idle = accept(listener);
      const unread = accept(listener);
      send(unread, "never read");
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(receive(idle)).toBe("");
      expect(receive(unread)).toBe(-104);
    });
    expect(causesOf(resets)).toEqual(["unread-data"]);
  });

  test("of IPv6 connections is told the same", async () => {
    const resets = await traceScene(1, ({ hosts }) => {
      expect(connect(hosts.client, { host: TARGET6, port: 81 })).toBe(-111);
    });
    expect(firstSent(resets)).toMatchObject({
      source: TARGET6,
      sourcePort: 81,
      destination: CLIENT6,
    });
    expect(causesOf(resets)).toEqual(["no-socket"]);
  });

  test("of a port without sockets that gets data of a connection long gone", async () => {
    const resets = await traceScene(1, ({ hosts }) => {
      using raw = new RawTcp(hosts.client);
      const from = { host: CLIENT, port: 1234 };
      const flags = FLAG.ACK | FLAG.PSH;
      raw.send({ from, to: { ...AT, port: 81 }, flags, sequence: 7, data: "late" });
    });
    expect(causesOf(resets)).toEqual(["no-socket"]);
  });

  test("of a listener that gets a stray acknowledgement", async () => {
    const resets = await traceScene(1, ({ hosts }) => {
      using raw = new RawTcp(hosts.client);
      const from = { host: CLIENT, port: 1234 };
      raw.send({ from, to: AT, flags: FLAG.ACK, sequence: 7, acknowledgement: 9 });
    });
    expect(firstSent(resets)).toMatchObject({
      state: "LISTEN",
      reason: "TCP_FLAGS",
      sourcePort: 80,
    });
    expect(causesOf(resets)).toEqual(["stray-segment"]);
  });

  test("of a handshake that ends when the accept queue has filled up, with tcp_abort_on_overflow", async () => {
    const resets = await traceScene(1, async ({ hosts }) => {
      using counters = openCounters(hosts.target);
      applySysctls(hosts.target, { "net.ipv4.tcp_abort_on_overflow": "1" });
      const narrow = { host: TARGET, port: 82 };
      listen(hosts.target, narrow, 1);
      using raw = new RawTcp(hosts.client);
      // From an address that is nobody's, so that no TCP but this one answers for it.
      const from = { host: "198.19.255.1", port: 5000 };
      const route = "ip route add 198.19.255.0/24 dev t0";
      const neighbour = `ip neigh add ${from.host} lladdr 02:00:00:00:00:99 dev t0 nud permanent`;
      hosts.target.run(() => spawnSync("sh", ["-ec", `${route}; ${neighbour}`]));
      raw.send({ from, to: narrow, flags: FLAG.SYN, sequence: 1 });
      const answer = await firstSegment(raw, FLAG.SYN | FLAG.ACK);
      // The queue takes one more than the backlog; a SYN that comes now would be dropped without a reset.
      for (let index = 0; index < 2; index += 1) connect(hosts.client, narrow);
      const acknowledgement = answer.sequence + 1;
      raw.send({ from, to: narrow, flags: FLAG.ACK, sequence: 2, acknowledgement });
      await eventually(() => {
        expect(counters.read().counters).toMatchObject({
          "tcpext.ListenOverflows": 1,
          "tcpext.EmbryonicRsts": 1,
          "tcp.OutRsts": 1,
        });
      });
    });
    expect(firstSent(resets)).toMatchObject({ state: "LISTEN", reason: "INVALID_SYN" });
    expect(causesOf(resets, { overflowAborted: true })).toEqual(["accept-queue-full"]);
  });

  test("of a SYN within the window of a handshake has the reason of a full accept queue, and is not called one", async () => {
    const resets = await traceScene(1, async ({ hosts }) => {
      using counters = openCounters(hosts.target);
      const listener = { host: TARGET, port: 82 };
      listen(hosts.target, listener);
      using raw = new RawTcp(hosts.client);
      const from = { host: "198.19.255.1", port: 5000 };
      const route = "ip route add 198.19.255.0/24 dev t0";
      const neighbour = `ip neigh add ${from.host} lladdr 02:00:00:00:00:99 dev t0 nud permanent`;
      hosts.target.run(() => spawnSync("sh", ["-ec", `${route}; ${neighbour}`]));
      raw.send({ from, to: listener, flags: FLAG.SYN, sequence: 1 });
      const answer = await firstSegment(raw, FLAG.SYN | FLAG.ACK);
      const acknowledgement = answer.sequence + 1;
      raw.send({ from, to: listener, flags: FLAG.SYN | FLAG.ACK, sequence: 3, acknowledgement });
      await eventually(() => {
        expect(counters.read().counters).toMatchObject({
          "tcpext.ListenOverflows": 0,
          "tcp.OutRsts": 1,
        });
      });
    });
    expect(firstSent(resets)).toMatchObject({ state: "LISTEN", reason: "INVALID_SYN" });
    expect(causesOf(resets)).toEqual(["unknown"]);
  });

  test("of a SYN that is answered with a wrong acknowledgement", async () => {
    // The target's own TCP answers the SYN too: nobody listens.
    const resets = await traceScene(2, async ({ hosts }) => {
      using raw = new RawTcp(hosts.target);
      const nobody = { host: TARGET, port: 81 };
      silence(hosts, "target");
      const waiting = startConnect(hosts.client, nobody);
      const syn = await firstSegment(raw, FLAG.SYN);
      hosts.target.run(() => spawnSync("ip", ["neigh", "del", CLIENT, "dev", "t0"]));
      raw.send({
        from: nobody,
        to: syn.from,
        flags: FLAG.SYN | FLAG.ACK,
        sequence: 1,
        acknowledgement: syn.sequence + 1000,
      });
      close(waiting);
    });
    const ofClient = resets.filter(({ source }) => source === CLIENT);
    expect(ofClient.map(explainReset)).toEqual(["bad-handshake-ack"]);
  });

  test("is not needed for what ends without one: a SYN on a living connection is challenged", async () => {
    const resets = await traceScene(0, async ({ hosts, near, far }) => {
      using counters = openCounters(hosts.target);
      using raw = new RawTcp(hosts.client);
      const [, localPort] = localEndpoint(near);
      raw.send({ from: { host: CLIENT, port: localPort }, to: AT, flags: FLAG.SYN, sequence: 77 });
      await eventually(() => {
        expect(counters.read().counters["tcpext.TCPSYNChallenge"]).toBe(1);
      });
      send(near, "still alive");
      expect(receive(far)).toBe("still alive");
    });
    expect(resets).toEqual([]);
  });

  test("is not needed for a reset in the window whose sequence number is not the next: it is challenged", async () => {
    let wire = { sent: 0, received: 0 };
    const resets = await traceScene(0, async ({ hosts, near, far }) => {
      using counters = openCounters(hosts.target);
      using capture = new ResetCapture(hosts.target);
      using raw = new RawTcp(hosts.client);
      const forged = await nextSegment(hosts, near, far);
      const reset = { from: forged.from, to: forged.to, flags: FLAG.RST };
      raw.send({ ...reset, sequence: forged.sequence + 1000 });
      await eventually(() => {
        expect(counters.read().counters).toMatchObject({
          "tcpext.TCPChallengeACK": 1,
          "tcpext.TCPSYNChallenge": 0,
          "tcp.EstabResets": 0,
        });
      });
      send(near, "still alive");
      expect(receive(far)).toBe("still alive");
      capture.drain();
      wire = capture.counts;
    });
    expect(resets).toEqual([]);
    expect(wire).toEqual({ sent: 0, received: 1 });
  });

  test("has a counterpart at the end that receives it, with the state it ended: here with the exact number", async () => {
    const resets: TracedReset[] = [];
    await traceScene(0, async ({ hosts, near, far }) => {
      using trace = new ResetTrace({ addresses: [TARGET] });
      using raw = new RawTcp(hosts.client);
      const forged = await nextSegment(hosts, near, far);
      raw.send({ ...forged, flags: FLAG.RST });
      await eventually(() => {
        resets.push(...trace.drain());
        expect(resets).toHaveLength(1);
      });
      expect(receive(far)).toBe(-104);
    });
    expect(resets).toMatchObject([
      { direction: "received", source: TARGET, sourcePort: 80, state: "ESTABLISHED", reason: null },
    ]);
  });

  test.each([
    ["FIN_WAIT2", CLIENT, 1, resetInFinWait2],
    ["LAST_ACK", TARGET, 0, resetInLastAck],
  ] as const)("of a closing socket, here in %s, is told as one of three states", async (...row) => {
    const [state, address, sent, play] = row;
    const resets: TracedReset[] = [];
    await traceScene(sent, async (scene) => {
      using trace = new ResetTrace({ addresses: [address] });
      await play(scene);
      await eventually(() => {
        resets.push(...trace.drain());
        expect(resets).toHaveLength(1);
      });
    });
    expect(resets).toMatchObject([
      { direction: "received", state: "FIN_WAIT2, CLOSING or LAST_ACK", reason: null },
    ]);
    expect(resets[0]?.state).toContain(state);
  });

  test("is not there for resets of a packet filter: neither trace nor counter sees them, a capture does", async () => {
    using hosts = makeTwoHosts();
    using trace = new ResetTrace({ addresses: [TARGET, CLIENT] });
    using capture = new ResetCapture(hosts.client);
    using counters = openCounters(hosts.target);
    const rule =
      "nft add table inet t; nft add chain inet t i '{ type filter hook input priority 0; }'; nft add rule inet t i tcp dport 80 reject with tcp reset";
    hosts.target.run(() => spawnSync("sh", ["-ec", rule]));
    const listener = listen(hosts.target, AT);
    expect(connect(hosts.client, AT)).toBe(-111);
    capture.drain();
    expect(capture.counts).toEqual({ sent: 0, received: 1 });
    expect(counters.read().counters["tcp.OutRsts"]).toBe(0);
    expect(trace.drain().filter(({ direction }) => direction === "sent")).toEqual([]);
    close(listener);
  });

  test.each([
    ["0", 0],
    ["1", 1],
  ])(
    "is not there for a TIME_WAIT that a reset kills: tcp_rfc1337 = %s leaves %i",
    async (rfc1337, left) => {
      const resets = await traceScene(0, async ({ hosts, near, far }) => {
        using counters = openCounters(hosts.client);
        using raw = new RawTcp(hosts.target);
        applySysctls(hosts.client, { "net.ipv4.tcp_rfc1337": rfc1337 });
        const [host, port] = localEndpoint(near);
        close(near);
        expect(receive(far)).toBe("");
        close(far);
        const ownFin = await firstSegment(raw, FLAG.FIN | FLAG.ACK);
        await eventually(() => {
          expect(counters.read().gauges["time_wait"]).toBe(1);
        });
        raw.send({
          from: AT,
          to: { host, port },
          flags: FLAG.RST,
          sequence: (ownFin.acknowledgement ?? 0) + 1,
        });
        await eventually(() => {
          expect(counters.read().gauges["time_wait"]).toBe(left);
        });
      });
      expect(resets).toEqual([]);
    },
  );
});

describe("a trace of resets", () => {
  test("leaves out what is not of the trial's addresses", async () => {
    using hosts = makeTwoHosts();
    using mine = new ResetTrace({ addresses: [TARGET] });
    using others = new ResetTrace({ addresses: ["198.18.77.77"] });
    connect(hosts.client, { ...AT, port: 81 });
    await eventually(() => {
      expect(mine.drain()).toHaveLength(1);
    });
    expect(others.drain()).toEqual([]);
  });

  test("has as many resets as the kernel's own counter, and lost none", async () => {
    using hosts = makeTwoHosts();
    using counters = openCounters(hosts.target);
    using trace = new ResetTrace({ addresses: [TARGET] });
    for (let index = 0; index < 2000; index += 1) connect(hosts.client, { ...AT, port: 81 });
    let count = 0;
    await eventually(() => {
      count += trace.drain().filter(({ direction }) => direction === "sent").length;
      expect(count).toBe(2000);
    });
    expect(counters.read().counters["tcp.OutRsts"]).toBe(2000);
    expect(trace.readLost()).toBe(0);
    expect(trace.hasReasons).toBe(true);
  });

  test("keeps as many of each direction in full as it is told, and counts all that were sent", async () => {
    using hosts = makeTwoHosts();
    using trace = new ResetTrace({ addresses: [CLIENT, TARGET], keep: 10 });
    const listener = listen(hosts.target, AT);
    const kept: TracedReset[] = [];
    const sent = async (reason: string, count: number): Promise<void> => {
      await eventually(() => {
        kept.push(...trace.drain());
        expect(trace.countsOf(TARGET)).toEqual(new Map([[reason, count]]));
      });
    };
    for (let index = 0; index < 300; index += 1) {
      const near = connect(hosts.client, AT);
      abort(accept(listener));
      close(near);
    }
    await sent("TCP_STATE", 300);
    expect(trace.countsOf(CLIENT)).toEqual(new Map());
    expect(kept.map(({ direction }) => direction).toSorted()).toEqual([
      ...Array.from({ length: 10 }, () => "received"),
      ...Array.from({ length: 10 }, () => "sent"),
    ]);
    const received = kept.filter(({ direction }) => direction === "received");
    expect(new Set(received.map(({ state }) => state))).toEqual(new Set(["ESTABLISHED"]));
    trace.begin();
    kept.length = 0;
    for (let index = 0; index < 20; index += 1) connect(hosts.client, { ...AT, port: 81 });
    await sent("NO_SOCKET", 20);
    expect(kept).toHaveLength(20);
    close(listener);
  });

  test("reads from memory what the kernel shows as text", () => {
    using hosts = makeTwoHosts();
    using trace = new ResetTrace({ addresses: [TARGET] });
    using text = new TraceInstance();
    writeFileSync(`${text.path}/trace_clock`, "mono");
    writeFileSync(`${text.path}/events/tcp/tcp_send_reset/enable`, "1");
    for (let port = 100; port < 120; port += 1) connect(hosts.client, { ...AT, port });
    const shown = readFileSync(`${text.path}/trace`, "utf8")
      .split("\n")
      .map((line) =>
        /(\d+\.\d{6}): tcp_send_reset: .* src=(\S+) dest=(\S+) .* reason=(\S+)/.exec(line),
      )
      .filter((match) => match?.[2]?.startsWith(`${TARGET}:`));
    const read = trace.drain().filter(({ direction }) => direction === "sent");
    expect(read.map(({ sourcePort }) => sourcePort)).toEqual(
      [...Array(20).keys()].map((i) => 100 + i),
    );
    const asText = read.map((each) => [
      `${each.source}:${each.sourcePort}`,
      `${each.destination}:${each.destinationPort}`,
      each.reason,
    ]);
    expect(asText).toEqual(shown.map((match) => match?.slice(2)));
    const apartMs = read.map(({ atMs }, i) => Math.abs(atMs - Number(shown[i]?.[1]) * 1000));
    // Two buffers are stamped one after the other; a processor may be taken away in between.
    expect(apartMs.filter((ms) => ms < 1).length).toBeGreaterThanOrEqual(16);
    expect(Math.max(...apartMs)).toBeLessThan(50);
    const stamps = read.map(({ atMs }) => atMs);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  test("says how many events were overwritten when nobody drains: with the kept ones they are at least all", () => {
    using hosts = makeTwoHosts();
    using trace = new ResetTrace({ addresses: [TARGET], bufferKibPerCpu: 64 });
    const resets = 5000;
    for (let index = 0; index < resets; index += 1) connect(hosts.client, { ...AT, port: 81 });
    const kept = trace.drain().filter(({ direction }) => direction === "sent").length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(resets);
    // The other end's events, and those of the rest of the machine, are lost in the same memory.
    expect(trace.readLost()).toBeGreaterThanOrEqual(resets - kept);
  });

  test("removes its instance at close, and nothing of a living process is stale", () => {
    const trace = new ResetTrace({ addresses: [TARGET] });
    expect(instances()).toContainEqual(expect.stringContaining(`churnlab-${process.pid}-`));
    expect(cleanStaleTraceInstances()).toEqual([]);
    trace.close();
    trace.close();
    expect(instances()).not.toContainEqual(expect.stringContaining(`churnlab-${process.pid}-`));
  });

  test("is removed when the process exits by itself, and cleaned up after SIGKILL", async () => {
    const [exiting, killed] = [startTracer("exit"), startTracer("wait")];
    await Promise.all([once(exiting, "exit"), once(killed.stdout, "data")]);
    expect(instances().join(" ")).not.toContain(`churnlab-${exiting.pid}-`);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    expect(cleanStaleTraceInstances().join(" ")).toContain(`churnlab-${killed.pid}-`);
    expect(instances().join(" ")).not.toContain(`churnlab-${killed.pid}-`);
  });

  test("is refused without root of the machine, with what it would need", () => {
    const fixture = new URL("fixtures/tracer.ts", import.meta.url).pathname;
    const node = [process.execPath, "--conditions=@churnlab/source", fixture, "exit"];
    const user = ["--user", "--map-root-user", "--net", "--", ...node];
    const child = spawnSync("unshare", user, { encoding: "utf8" });
    expect(child.stderr).toContain("E_CAPABILITY");
  });
});

function instances(): string[] {
  const script = "mount -t tracefs none /mnt && ls /mnt/instances";
  const { stdout } = spawnSync("unshare", ["--mount", "sh", "-c", script], { encoding: "utf8" });
  return stdout.split("\n").filter((name) => name !== "");
}

function startTracer(end: "exit" | "wait") {
  const fixture = new URL("fixtures/tracer.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=@churnlab/source", fixture, end], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function firstSegment(raw: RawTcp, flags: number): Promise<Segment> {
  let found: Segment | undefined;
  await eventually(() => {
    found ??= raw.receive().find((segment) => segment.flags === flags);
    expect(found).toBeDefined();
  });
  if (found === undefined) throw new Error("no such segment");
  return found;
}
