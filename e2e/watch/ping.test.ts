import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { PingDocument } from "@churnlab/report/watch";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../../packages/linux/test/fixtures/raw-sockets.ts";
import { TARGET } from "../../packages/linux/test/fixtures/two-hosts.ts";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { countBySs, NOBODY, WatchedHosts } from "./watched-hosts.ts";

let work: Workplace;
let watched: WatchedHosts;

beforeAll(() => {
  work = new Workplace();
  watched = new WatchedHosts();
  listen(watched.target, { host: TARGET, port: 80 });
  const rules = `add table inet t
    add chain inet t in { type filter hook input priority 0; }
    add rule inet t in tcp dport 82 drop
    add rule inet t in tcp dport 83 reject with icmpx host-unreachable`;
  const { status, stderr } = watched.target.run(() =>
    spawnSync("nft", ["-f", "-"], { input: rules, encoding: "utf8" }),
  );
  if (status !== 0) throw new Error(stderr);
});

afterAll(() => {
  watched[Symbol.dispose]();
  work[Symbol.dispose]();
});

/** As somebody without any capability, on the client. */
function ping(args: readonly string[]): Promise<Ended> {
  return watched.client.run(() => work.start(["ping", ...args], { prefix: [...NOBODY] })).ended;
}

/**
 * Names under .invalid never have an address (RFC 6761). The name server is a host where none listens, in a mount
 * namespace of its own.
 */
function pingByName({ sources }: { readonly sources: "files" | "dns" }): Promise<Ended> {
  const files = [
    ["/etc/nsswitch.conf", work.write("nsswitch.conf", `hosts: ${sources}\n`)],
    ["/etc/resolv.conf", work.write("resolv.conf", `nameserver ${TARGET}\n`)],
  ];
  const mounts = files.map(([file, ours]) => `mount --bind ${ours} ${file}`).join(" && ");
  const prefix = ["unshare", "--mount", "sh", "-ec", `${mounts} && exec "$@"`, "sh", ...NOBODY];
  return watched.client.run(() => work.start(["ping", "nobody.invalid:80"], { prefix })).ended;
}

async function pingJson(args: readonly string[]): Promise<PingDocument> {
  const { stdout } = await ping([...args, "--json"]);
  const seen = JSON.parse(stdout) as PingDocument;
  expect([validate(seen), validate.errors]).toEqual([true, null]);
  return seen;
}

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(
    readFileSync(new URL("../../schema/ping.schema.json", import.meta.url), "utf8"),
  ) as object,
);

describe("a ping", () => {
  test("of an open port gives the kernel's own times, and leaves nothing behind", async () => {
    const seen = await pingJson([`${TARGET}:80`, "-c", "10", "-i", "10ms"]);
    expect(seen).toMatchObject({ sent: 10, open: 10, loss: 0 });
    expect(seen.rttUs).toMatchObject({ of: "open", measuredBy: "kernel" });
    const { min = 0, median = 0, p99 = 0, max = 0 } = seen.rttUs ?? {};
    expect([0 < min, min <= median, median <= p99, p99 <= max]).toEqual([true, true, true, true]);
    const counts = [watched.client, watched.target].map((host) => countBySs(host, "time-wait"));
    expect(counts).toEqual([0, 0]);
  });

  test("tells open, closed and filtered apart, by word, errno and exit status", async () => {
    const args = ["-c", "2", "-i", "10ms"];
    const open = await ping([`${TARGET}:80`, ...args, "--timeout", "3s"]);
    expect([open.code, open.stderr]).toEqual([0, ""]);
    expect(open.stdout).toMatch(/^open +SYN-ACK from .*: seq=2 time=/m);
    expect(open.stdout).toContain("2 SYNs sent, 2 open, 0 closed, 0 filtered, loss 0 %");
    const closed = await ping([`${TARGET}:81`, ...args, "--timeout", "3s"]);
    expect([closed.code, closed.stderr]).toEqual([4, expect.stringContaining("is closed")]);
    expect(closed.stdout).toMatch(/^closed +RST from .*ECONNREFUSED/m);
    const filtered = await ping([`${TARGET}:82`, ...args, "--timeout", "200ms"]);
    expect([filtered.code, filtered.stderr]).toEqual([
      4,
      expect.stringContaining("does not answer"),
    ]);
    expect(filtered.stdout).toMatch(/^filtered +no answer from .* within 200ms: seq=1/m);
    expect(filtered.stdout).toContain("loss 100 %");
  });

  test("tells a host that cannot be reached from one to which no SYN could be sent", async () => {
    const args = ["-c", "2", "-i", "10ms", "--timeout", "2s"];
    const unreachable = await ping([`${TARGET}:83`, ...args]);
    expect([unreachable.code, unreachable.stderr]).toEqual([
      4,
      expect.stringMatching(/cannot be reached.*a packet filter refuses it, or nobody has/s),
    ]);
    expect(unreachable.stdout).toMatch(/^unreachable .*seq=2 \(EHOSTUNREACH\)/m);
    const unsent = await ping(["192.0.2.1:80", ...args]);
    expect([unsent.code, unsent.stderr]).toEqual([
      4,
      expect.stringMatching(
        /No SYN could be.*No route leads there \(`ip route get 192\.0\.2\.1`\)/s,
      ),
    ]);
    expect(unsent.stdout).toMatch(/^not sent .*seq=2 \(ENETUNREACH:/m);
  });

  test("of a host that goes away in the middle counts what came before, and loses the rest", async () => {
    using leaving = new WatchedHosts();
    listen(leaving.target, { host: TARGET, port: 80 });
    const args = ["ping", `${TARGET}:80`, "-c", "1000", "-i", "10ms", "--timeout", "200ms"];
    const running = leaving.client.run(() => work.start(args, { prefix: [...NOBODY] }));
    let gone = false;
    running.child.stdout?.on("data", (text: string) => {
      if (!gone && text.includes("SYN-ACK")) {
        gone = true;
        leaving.target.run(() => spawnSync("ip", ["link", "set", "t0", "down"]));
      }
      if (/no answer|seq=\d+ \(/.test(text)) running.child.kill("SIGINT");
    });
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^filtered +no answer/m);
    expect(stdout).toMatch(/, [1-9]\d* open, 0 closed, [1-9]\d* filtered, loss [1-9]/);
  });

  test("that is interrupted sums up what it saw", async () => {
    const running = watched.client.run(() => work.start(["ping", `${TARGET}:80`, "-c", "1000"]));
    await new Promise((resolve) =>
      running.child.stdout?.on("data", (text: string) => {
        if (text.includes("seq=1")) resolve(undefined);
      }),
    );
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 SYN sent, 1 open/);
  });

  test("to a name without an address is refused before anything is sent", async () => {
    const { code, stdout, stderr } = await pingByName({ sources: "files" });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("The name nobody.invalid has no address.  (E_USAGE)");
    expect(stderr).toContain("getent hosts");
  });

  test("to a name that no name server answers for does not say that the name has no address", async () => {
    const { code, stdout, stderr } = await pingByName({ sources: "dns" });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("The name nobody.invalid could not be looked up (EAI_AGAIN).");
  });

  test.each([
    [["nowhere"], /not a host and a port/],
    [["198.18.0.1:0"], /not a host and a port/],
    [["198.18.0.1:65536"], /not a host and a port/],
    [["198.18.0.1:80", "-c", "0"], /from 1 to/],
    [["198.18.0.1:80", "-i", "1ms"], /10ms/],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await ping(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
