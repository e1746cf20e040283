import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { applySysctls } from "@churnlab/linux";
import type { WatchDocument } from "@churnlab/report/watch";
import { Ajv } from "ajv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  abort,
  accept,
  churnOnce,
  connect,
  listen,
} from "../../packages/linux/test/fixtures/raw-sockets.ts";
import { CLIENT, TARGET } from "../../packages/linux/test/fixtures/two-hosts.ts";
import { Workplace } from "../cli/churnlab.ts";
import { countBySs, NOBODY, parseDocuments, WatchedHosts } from "./watched-hosts.ts";

const AT = { host: TARGET, port: 80 };

let work: Workplace;
let watched: WatchedHosts;
let listener: number;

beforeEach(() => {
  work = new Workplace();
  watched = new WatchedHosts();
  applySysctls(watched.client, { "net.ipv4.ip_local_port_range": "40000 40099" });
  listener = listen(watched.target, AT);
});

afterEach(() => {
  watched[Symbol.dispose]();
  work[Symbol.dispose]();
});

function churn(count: number): void {
  for (let index = 0; index < count; index++)
    churnOnce(watched.client, { ...AT, listener }, "client");
}

/** The newest that is whole. */
function lastDocument(stdout: string): WatchDocument | undefined {
  return parseDocuments(stdout.slice(0, stdout.lastIndexOf("\n") + 1)).at(-1);
}

/** That arrived in its window. */
function countResets(seen: WatchDocument | undefined): number {
  return Math.round(((seen?.resets.receivedPerS ?? 0) * (seen?.windowMs ?? 0)) / 1000);
}

const validate = new Ajv({
  strict: true,
  allowUnionTypes: true,
  formats: { "date-time": true },
}).compile(
  JSON.parse(
    readFileSync(new URL("../../schema/watch.schema.json", import.meta.url), "utf8"),
  ) as object,
);

describe("one look at a host", () => {
  test("shows half of a range of 100 ports as 50 %, and when the other half is gone", async () => {
    churn(50);
    const { code, stdout, stderr } = await work.run([
      "watch",
      "--pid",
      watched.pid,
      "--once",
      "--json",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    const [seen] = parseDocuments(stdout);
    expect([validate(seen), validate.errors]).toEqual([true, null]);
    expect(seen).toMatchObject({
      host: { kind: "process", name: watched.pid },
      portRange: { low: 40_000, high: 40_099, usable: 100 },
      timeWait: { count: 50 },
      sockets: { TIME_WAIT: 50 },
      resets: { receivedPerS: null },
      notes: ["resets that arrive are counted without --once only"],
    });
    expect(seen?.timeWait.count).toBe(countBySs(watched.client, "time-wait"));
    const [destination, ...others] = seen?.destinations ?? [];
    expect(others).toEqual([]);
    expect(destination).toMatchObject({
      source: CLIENT,
      destination: TARGET,
      destinationPort: 80,
      ports: 50,
      share: 0.5,
      reusable: 0,
      cliffInMs: 0,
      outlook: { kind: "exhausts" },
    });
    // At the rate it reports, the 50 ports that are left last as long as it says.
    const inMs = destination?.outlook.kind === "exhausts" ? destination.outlook.inMs : 0;
    const taken = ((destination?.newPerS ?? 0) * inMs) / 1000;
    expect(Math.abs(taken - 50)).toBeLessThanOrEqual((destination?.newPerS ?? 0) / 10);
    expect(seen?.advice.map(({ resource }) => resource)).toEqual(["ports"]);
    expect(seen?.advice[0]?.sysctls).toContain("net.ipv4.tcp_tw_reuse");
  });

  test("finds a range exhausted when the last port is taken, and free where tcp_tw_reuse gives it back", async () => {
    churn(100);
    const look = async () => {
      const { stdout } = await work.run(["watch", "--pid", watched.pid, "--once", "--json"]);
      return parseDocuments(stdout)[0]?.destinations[0];
    };
    expect(await look()).toMatchObject({ ports: 100, share: 1, outlook: { kind: "exhausted" } });
    applySysctls(watched.client, {
      "net.ipv4.tcp_tw_reuse": "1",
      "net.ipv4.tcp_tw_reuse_delay": "1",
    });
    expect(await look()).toMatchObject({
      ports: 100,
      reusable: 100,
      outlook: { kind: "not-growing" },
    });
  });

  test("names what holds the ports, so that nobody tunes TIME_WAIT against open connections", async () => {
    for (let index = 0; index < 60; index++) connect(watched.client, AT);
    const { stdout } = await work.run(["watch", "--pid", watched.pid, "--once"]);
    expect(stdout).toContain(`${TARGET}:80`);
    expect(stdout).toContain("60 %");
    expect(stdout).toContain("held by open connections, not by TIME_WAIT");
  });

  test("of a server shows its full accept queue, its drops, and the resets that arrive", async () => {
    const small = listen(watched.target, { host: TARGET, port: 81 }, 2);
    for (let index = 0; index < 3; index++) connect(watched.client, { host: TARGET, port: 81 });
    const running = watched.target.run(() =>
      work.start(["watch", "--interval", "250ms", "--json"]),
    );
    let stdout = "";
    await new Promise<void>((resolve) => {
      running.child.stdout?.on("data", (text: string) => {
        stdout += text;
        resolve();
      });
    });
    for (let index = 0; index < 30; index++) {
      abort(connect(watched.client, AT));
      accept(listener);
    }
    watched.client.run(() =>
      spawnSync("timeout", ["0.5", "bash", "-c", `exec 3<>/dev/tcp/${TARGET}/81`]),
    );
    const isTold = (): boolean => {
      const last = lastDocument(stdout);
      return countResets(last) >= 30 && (last?.listen.overflowsPerS ?? 0) > 0;
    };
    await expect.poll(isTold).toBe(true);
    running.child.kill("SIGINT");
    const { code } = await running.ended;
    expect(code).toBe(0);
    const documents = parseDocuments(stdout);
    expect(documents.filter((seen) => !validate(seen))).toEqual([]);
    const last = documents.at(-1);
    expect(last?.listeners[0]).toMatchObject({ address: TARGET, port: 81, depth: 3, limit: 2 });
    expect(countResets(last)).toBe(30);
    expect(last?.listen.overflowsPerS).toBeGreaterThan(0);
    expect(last?.advice.map(({ resource }) => resource)).toContain("accept-queue");
    expect(small).toBeGreaterThan(0);
  });
});

test("a watch of a running load tells its rate, and how many ports it will hold", async () => {
  applySysctls(watched.client, { "net.ipv4.ip_local_port_range": "40000 49999" });
  const running = work.start(["watch", "--pid", watched.pid, "--interval", "500ms", "--json"]);
  const begunMs = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    churn(1);
    made += 1;
  }, 20);
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  // On a busy machine the load itself has pauses, and the watch a start that is later.
  const ratio = (): number => {
    const perS = (made * 1000) / (performance.now() - begunMs);
    return (lastDocument(stdout)?.destinations[0]?.newPerS ?? 0) / perS;
  };
  const isNear = (times: number): boolean => times > 0.75 && times < 1.25;
  await expect.poll(ratio, { interval: 500 }).toSatisfy(isNear);
  clearInterval(timer);
  running.child.kill("SIGTERM");
  const { code } = await running.ended;
  expect(code).toBe(0);
  const destination = lastDocument(stdout)?.destinations[0];
  // TIME_WAIT lasts 61 s in the mean at 250 Hz, 62 s at other rates of the tick.
  const ports = destination?.outlook.kind === "levels-off" ? destination.outlook.ports : 0;
  expect(ports / (destination?.newPerS ?? 1)).toBeGreaterThan(59);
  expect(ports / (destination?.newPerS ?? 1)).toBeLessThan(65);
});

describe("without any privilege", () => {
  test("the own host is seen whole, but for resets that arrive", async () => {
    churn(50);
    const running = watched.client.run(() =>
      work.start(["watch", "--interval", "250ms", "--json"], { prefix: [...NOBODY] }),
    );
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, ""]);
    const [seen] = parseDocuments(stdout);
    expect(seen?.destinations[0]).toMatchObject({ ports: 50, share: 0.5 });
    expect(seen?.resets.receivedPerS).toBeNull();
    expect(seen?.notes).toEqual([expect.stringContaining("CAP_NET_RAW")]);
  });

  test("the own host is seen whole by a process of another user, for as long as that lives", async () => {
    churn(50);
    const running = watched.client.run(() =>
      work.start(["watch", "--pid", watched.pid, "--interval", "250ms", "--json"], {
        prefix: [...NOBODY],
      }),
    );
    // Whether the process still lives there is asked anew before each reading.
    for (let seen = 0; seen < 3; seen++) {
      await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    }
    await watched.endResident();
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("has ended")]);
    const documents = parseDocuments(stdout);
    expect(documents.length).toBeGreaterThanOrEqual(3);
    expect(documents[2]).toMatchObject({
      host: { kind: "process", name: watched.pid },
      portRange: { usable: 100 },
      timeWait: { count: 50 },
    });
    expect(documents[2]?.destinations[0]).toMatchObject({ ports: 50, share: 0.5 });
  });

  test("a process elsewhere is seen from outside, and what that does not show is named", async () => {
    churn(50);
    const { code, stdout, stderr } = await work.run(
      ["watch", "--pid", watched.pid, "--once", "--json"],
      { prefix: [...NOBODY] },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const [seen] = parseDocuments(stdout);
    expect([validate(seen), validate.errors]).toEqual([true, null]);
    expect(seen).toMatchObject({ portRange: null, timeWait: { count: 50, max: null } });
    expect(seen?.destinations[0]).toMatchObject({
      destination: TARGET,
      ports: 50,
      share: null,
      outlook: { kind: "unknown" },
    });
    expect(seen?.notes).toEqual([expect.stringContaining("CAP_SYS_ADMIN")]);
  });

  test("a namespace that only has a name cannot be seen, and the way out is named", async () => {
    const { code, stderr } = await work.run(
      ["watch", "--netns", `/proc/${watched.pid}/ns/net`, "--once"],
      { prefix: [...NOBODY] },
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/E_NAMESPACE|E_CAPABILITY/);
    expect(stderr).toMatch(/root|CAP_SYS_ADMIN/);
  });
});

describe("a kernel that lacks a counter", () => {
  test("is seen without it, and the counter is named", async () => {
    // Its files as they are, but for one name; a folder, because a mount on a file of it does not last.
    const net = `/proc/${watched.pid}/net`;
    for (const file of ["netstat", "snmp", "sockstat", "sockstat6", "tcp", "tcp6"]) {
      work.write(file, readFileSync(`${net}/${file}`, "utf8").replace(" TW ", " Renamed "));
    }
    const script = `mount --bind ${work.folder} ${net} && exec "$@"`;
    const prefix = ["unshare", "--mount", "sh", "-ec", script, "sh", ...NOBODY];
    const args = ["watch", "--pid", watched.pid, "--interval", "250ms", "--json"];
    const running = work.start(args, { prefix });
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, ""]);
    const [seen] = parseDocuments(stdout);
    expect([validate(seen), validate.errors]).toEqual([true, null]);
    expect(seen?.notes).toContain("this kernel has no counter tcpext.TW");
    // The other counters of the same file are there.
    expect(seen?.listen.overflowsPerS).toBe(0);
  });
});

describe("what is gone while it is watched", () => {
  test.each([
    ["a process", (pid: string) => ["--pid", pid]],
    ["a namespace that stood under a name", (pid: string) => ["--netns", `/proc/${pid}/ns/net`]],
  ])("is said of %s", async (_what, choose) => {
    churn(50);
    const running = work.start(["watch", ...choose(watched.pid), "--interval", "250ms"]);
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    await watched.endResident();
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("E_HOST_GONE")]);
    expect(stdout).toContain("TIME_WAIT 50");
  });

  test("was never there is said at once", async () => {
    await watched.endResident();
    const { code, stderr } = await work.run(["watch", "--pid", watched.pid]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("E_NAMESPACE")]);
  });
});

test.each([
  [["--pid", "1", "--netns", "x"], /exclude each other/],
  [["--pid", "0"], /whole number from 1/],
  [["--interval", "1"], /with a unit/],
  [["--interval", "100ms"], /250ms/],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await work.run(["watch", ...args]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});
