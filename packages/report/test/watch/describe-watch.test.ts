import { readFileSync } from "node:fs";
import { findSysctl, type WatchReading } from "@churnlab/core";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import {
  ADVISED_RESOURCES,
  describeWatch,
  formatWatchLine,
  formatWatchScreen,
  PLAIN_STYLE,
  type WatchDocument,
} from "../../src/watch/index.ts";
import { aDestination, aReading, leftAt, noneLeft } from "./a-reading.ts";

const FACTS = { host: { kind: "own", name: "here" }, hz: 250 } as const;

/** One second between the readings, in which the counters grew by this. */
function after(grown: Record<string, number>, given: Partial<WatchReading> = {}): WatchDocument {
  const zeros = Object.fromEntries(Object.keys(grown).map((name) => [name, 0]));
  const before = aReading({ counters: { gauges: {}, counters: zeros } });
  const gauges = given.counters?.gauges ?? {};
  const now = aReading({ ...given, atMs: 2000, counters: { gauges, counters: grown } });
  return describeWatch(before, now, FACTS);
}

function resources({ advice }: WatchDocument): string[] {
  return advice.map(({ resource }) => resource);
}

/** One host for each thing that can run short, and one where nothing does. */
const SHORT: Record<string, WatchDocument> = {
  ports: after({}, { destinations: [aDestination()] }),
  "accept-queue": after({ "tcpext.ListenOverflows": 5 }),
  "syn-queue": after({ "tcpext.TCPReqQFullDrop": 5 }),
  conntrack: after(
    {},
    {
      counters: { gauges: { conntrack: 95 }, counters: {} },
      sysctls: { "net.netfilter.nf_conntrack_max": "100" },
    },
  ),
  "time-wait-buckets": after({ "tcpext.TCPTimeWaitOverflow": 5 }),
  resets: after({ "tcpext.TCPAbortOnClose": 5 }),
};

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  formats: { "date-time": true },
});
const validate = ajv.compile(
  JSON.parse(
    readFileSync(new URL("../../../../schema/watch.schema.json", import.meta.url), "utf8"),
  ) as object,
);

describe("a watched host", () => {
  test("has rates over the time between two readings", () => {
    const seen = after({ "tcp.OutRsts": 7, "tcpext.ListenDrops": 3, "tcpext.TW": 20 });
    expect(seen.windowMs).toBe(1000);
    expect(seen.resets.sentPerS).toBe(7);
    expect(seen.listen.dropsPerS).toBe(3);
    expect(seen.timeWait.newPerS).toBe(20);
  });

  test("has no rate of a counter that this kernel lacks or that went back", () => {
    const before = aReading({ counters: { gauges: {}, counters: { "tcp.OutRsts": 9 } } });
    const now = aReading({ atMs: 2000, counters: { gauges: {}, counters: { "tcp.OutRsts": 1 } } });
    const { resets, listen } = describeWatch(before, now, FACTS);
    expect([resets.sentPerS, resets.receivedPerS, listen.overflowsPerS]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("grows by what begins less what is taken over and what ends", () => {
    const timeWaitLeft = leftAt({ 1: 6, 2: 6 });
    const seen = after({ "tcpext.TW": 20, "tcpext.TWRecycled": 4 }, { timeWaitLeft });
    expect(seen.timeWait.growthPerS).toBe(20 - 4 - 6);
  });

  test("is not said to grow where it is not known how many are taken over", () => {
    const growth = (windowMs: number, counters: Record<string, number>): number | null => {
      const zeros = Object.fromEntries(Object.keys(counters).map((name) => [name, 0]));
      const before = aReading({ counters: { gauges: {}, counters: zeros } });
      const now = aReading({
        atMs: 1000 + windowMs,
        counters: { gauges: {}, counters },
        timeWaitLeft: leftAt({ 1: 6, 2: 6, 59: 20 }),
      });
      return describeWatch(before, now, FACTS).timeWait.growthPerS;
    };
    expect(growth(60, { "tcpext.TW": 20, "tcpext.TWRecycled": 0 })).toBe(20 - 6);
    expect(growth(60, { "tcpext.TW": 20, "tcpext.TWRecycled": 1 })).toBeNull();
    expect(growth(1000, { "tcpext.TW": 20, "tcpext.TWRecycled": 1 })).toBe(20 - 1 - 6);
    expect(growth(1000, { "tcpext.TW": 20 })).toBeNull();
  });

  test("has no rate where the window is too short for one, but what was counted in it and in all", () => {
    const counters = (overflows: number, drops: number) => ({
      gauges: {},
      counters: { "tcpext.ListenOverflows": overflows, "tcpext.ListenDrops": drops },
    });
    const screen = (windowMs: number): string => {
      const before = aReading({ counters: counters(17, 20) });
      const now = aReading({ atMs: 1000 + windowMs, counters: counters(17, 23) });
      const seen = describeWatch(before, now, FACTS);
      expect([validate(JSON.parse(JSON.stringify(seen))), validate.errors]).toEqual([true, null]);
      return formatWatchScreen(seen, { style: PLAIN_STYLE, columns: 80 }).join("\n");
    };
    expect(screen(60)).toContain("over the last 60 ms");
    expect(screen(60)).toMatch(/overflows none in 60 ms, 17 in all\n +drops 3 in 60 ms, 23 in all/);
    expect(screen(60)).not.toContain("overflows 0/s");
    expect(screen(5000)).toContain("over the last 5.0 s");
    expect(screen(5000)).toContain("overflows 0/s   drops 0.600/s");
  });

  test("has no forecast where the range is not known, and says so", () => {
    const seen = after({}, { range: null, destinations: [aDestination()] });
    expect(seen.destinations[0]?.outlook).toEqual({ kind: "unknown" });
    expect(formatWatchLine(seen)).toContain("not known");
  });

  test("shows what tcp_tw_reuse gives back, on loopback with the default too", () => {
    const old = { timeWaitLeft: leftAt({ 20: 50 }) };
    const near = after({}, { destinations: [aDestination({ ...old, destination: "127.0.0.1" })] });
    const far = after({}, { destinations: [aDestination(old)] });
    expect(near.destinations[0]?.reusable).toBe(50);
    expect(far.destinations[0]?.reusable).toBe(0);
    expect(resources(near)).toEqual([]);
    expect(resources(far)).toEqual(["ports"]);
  });

  test("takes a small change of open connections for chance", () => {
    const open = (ports: number) =>
      aDestination({ ports, states: { ESTABLISHED: ports }, timeWaitLeft: noneLeft() });
    const growth = (from: number, to: number): number | null | undefined => {
      const before = aReading({ destinations: [open(from)] });
      const now = aReading({ atMs: 2000, destinations: [open(to)] });
      return describeWatch(before, now, FACTS).destinations[0]?.openGrowthPerS;
    };
    expect(growth(25, 30)).toBe(0);
    expect(growth(25, 45)).toBe(20);
  });
});

describe("advice", () => {
  test("names what runs short, by its mark", () => {
    const found = Object.entries(SHORT).map(([name, seen]) => [name, resources(seen)]);
    expect(found).toEqual(Object.keys(SHORT).map((name) => [name, [name]]));
    expect(Object.keys(SHORT)).toEqual([...ADVISED_RESOURCES]);
    expect(resources(after({}))).toEqual([]);
  });

  test("tells entries that a full table evicts from packets that are dropped", () => {
    const tracking = (grown: Record<string, number>, entries: number): WatchDocument =>
      after(grown, {
        counters: { gauges: { conntrack: entries }, counters: {} },
        sysctls: { "net.netfilter.nf_conntrack_max": "1000" },
      });
    const evicting = tracking({ "conntrack.drop": 0, "conntrack.early_drop": 7 }, 850);
    expect(evicting.conntrack).toMatchObject({ droppedPerS: 0, evictedPerS: 7 });
    expect(formatWatchScreen(evicting, { style: PLAIN_STYLE, columns: 120 }).join()).toContain(
      "dropped 0/s   evicted 7/s",
    );
    expect(evicting.advice[0]?.sysctls).toContain("net.netfilter.nf_conntrack_max");
    const dropping = tracking({ "conntrack.drop": 7, "conntrack.early_drop": 0 }, 10);
    expect(dropping.conntrack).toMatchObject({ droppedPerS: 7, evictedPerS: 0 });
    expect(dropping.advice[0]?.sentences[0]).toContain("the cause is unknown");
    expect(dropping.advice[0]?.sysctls).toEqual([]);
    expect(validate(JSON.parse(JSON.stringify(evicting)))).toBe(true);
  });

  test("names only settings that exist, and never tells to set tcp_tw_recycle", () => {
    const advice = Object.values(SHORT).flatMap((seen) => seen.advice);
    const sysctls = advice.flatMap((each) => each.sysctls);
    expect(sysctls.filter((name) => findSysctl(name) === undefined)).toEqual([]);
    expect(sysctls.filter((name) => name.includes("recycle"))).toEqual([]);
    expect(sysctls).toContain("net.ipv4.tcp_tw_reuse");
  });

  test("changes with the settings that there are", () => {
    const advise = (sysctls: Record<string, string>): readonly string[] =>
      after({}, { destinations: [aDestination()], sysctls }).advice[0]?.sysctls ?? [];
    const reuse = "net.ipv4.tcp_tw_reuse";
    const timestamps = "net.ipv4.tcp_timestamps";
    const range = "net.ipv4.ip_local_port_range";
    expect(advise({ [reuse]: "0", [timestamps]: "1" })).toEqual([reuse, range]);
    expect(advise({ [reuse]: "1", [timestamps]: "0" })).toEqual([timestamps, reuse, range]);
    expect(advise({ [reuse]: "1", [timestamps]: "1" })).toEqual([]);
  });

  test("does not take cookies that are sent always for a full SYN queue", () => {
    const advise = (counter: string, syncookies: string): string[] =>
      resources(after({ [counter]: 5 }, { sysctls: { "net.ipv4.tcp_syncookies": syncookies } }));
    expect(advise("tcpext.TCPReqQFullDoCookies", "1")).toEqual(["syn-queue"]);
    expect(advise("tcpext.TCPReqQFullDoCookies", "2")).toEqual([]);
    expect(advise("tcpext.TCPReqQFullDrop", "0")).toEqual(["syn-queue"]);
    const always = { "net.ipv4.tcp_syncookies": "2" };
    const flooded = { "tcpext.TCPReqQFullDoCookies": 5, "tcpext.TCPReqQFullDrop": 0 };
    expect(after(flooded, { sysctls: always }).listen.synQueueFullPerS).toBe(0);
    expect(after(flooded).listen.synQueueFullPerS).toBe(5);
  });

  test("names the three quarters of tcp_max_syn_backlog that drop SYNs without cookies", () => {
    const flooded = (full: number, sysctls: Record<string, string>) =>
      after(
        {
          "tcpext.ListenDrops": 290,
          "tcpext.TCPReqQFullDrop": full,
          "tcpext.ListenOverflows": 3,
        },
        { sysctls: { "net.ipv4.tcp_max_syn_backlog": "16", ...sysctls } },
      );
    const off = { "net.ipv4.tcp_syncookies": "0" };
    const early = flooded(0, off);
    expect(early.listen.synQueueFullPerS).toBe(287);
    expect(resources(early)).toEqual(["accept-queue", "syn-queue"]);
    const advice = early.advice[1];
    expect(advice?.sentences.join(" ")).toContain(
      "more than three quarters of tcp_max_syn_backlog, 12 of 16,",
    );
    expect(advice?.sysctls).toEqual(["net.ipv4.tcp_syncookies", "net.ipv4.tcp_max_syn_backlog"]);
    // What a queue that is wholly full drops is not blamed on the bound below it, and cookies have none.
    const full = flooded(287, off);
    expect(full.advice[1]?.sentences.join(" ")).not.toContain("three quarters");
    expect(full.listen.synQueueFullPerS).toBe(287);
    expect(resources(flooded(0, { "net.ipv4.tcp_syncookies": "1" }))).toEqual(["accept-queue"]);
  });

  test("does not offer tcp_tw_reuse against open connections, nor any sysctl against a leak", () => {
    const advise = (states: Record<string, number>): readonly string[] => {
      const destinations = [aDestination({ ports: 90, states, timeWaitLeft: noneLeft() })];
      return after({}, { destinations }).advice[0]?.sysctls ?? ["none"];
    };
    expect(advise({ ESTABLISHED: 90 })).toEqual(["net.ipv4.ip_local_port_range"]);
    expect(advise({ ESTABLISHED: 30, CLOSE_WAIT: 60 })).toEqual([]);
  });
});

describe("what is printed of a watched host", () => {
  test("fits its schema as JSON, and the columns as a screen", () => {
    const unseen = after(
      {},
      { range: null, sysctls: {}, destinations: [aDestination()], notes: ["dark"] },
    );
    const listeners = [
      { address: "0.0.0.0", port: 80, depth: 3, limit: 511 },
      { address: "::", port: 443, depth: 600, limit: 511 },
      { address: "::", port: 444, depth: 0, limit: null },
    ];
    for (const seen of [...Object.values(SHORT), unseen, after({}, { listeners })]) {
      expect([validate(JSON.parse(JSON.stringify(seen))), validate.errors]).toEqual([true, null]);
      for (const columns of [60, 100, 200]) {
        const lines = formatWatchScreen(seen, { style: PLAIN_STYLE, columns });
        expect(lines.filter((line) => line.length > columns)).toEqual([]);
      }
    }
  });

  test("tells use, cliff and exhaustion of a destination", () => {
    const seen = after({}, { destinations: [aDestination()] });
    const screen = formatWatchScreen(seen, { style: PLAIN_STYLE, columns: 140 }).join("\n");
    expect(screen).toMatch(/198\.18\.0\.2:80 +50 +50 % +█████░░░░░ +50 +25\/s +past +in 2\.0 s/);
    expect(formatWatchLine(seen)).toContain("198.18.0.2:80 50 ports (50 %) exhausted in 2.0 s");
  });

  test("names the source in each line only where there are several", () => {
    const show = (...sources: string[]): string => {
      const destinations = sources.map((source) => aDestination({ source }));
      const seen = after({}, { destinations });
      return formatWatchScreen(seen, { style: PLAIN_STYLE, columns: 140 }).join("\n");
    };
    expect(show("198.18.0.1")).toMatch(/connect\(\) from 198\.18\.0\.1\n/);
    expect(show("198.18.0.1", "198.18.0.3")).toMatch(/:80 +198\.18\.0\.3 +50 /);
  });

  test("puts the fullest accept queue first", () => {
    const listeners = [
      { address: "0.0.0.0", port: 80, depth: 3, limit: 511 },
      { address: "0.0.0.0", port: 81, depth: 6, limit: 5 },
    ];
    const seen = after({}, { listeners });
    expect(seen.listeners.map(({ port }) => port)).toEqual([81, 80]);
    expect(resources(seen)).toEqual(["accept-queue"]);
  });
});
