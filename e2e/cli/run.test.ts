import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SMALL_SCENARIO, Workplace } from "./churnlab.ts";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place[Symbol.dispose]();
});

function query<Row>(sql: string): Row[] {
  const db = new DatabaseSync(path.join(place.folder, "churnlab.db"), { readOnly: true });
  try {
    return db.prepare(sql).all() as Row[];
  } finally {
    db.close();
  }
}

const LONG_SCENARIO = SMALL_SCENARIO.replace("measure: 1s", "measure: 30s");

describe("churnlab run", () => {
  it("runs every variant, stores the run in one file, and prints the comparison", async () => {
    const { code, stdout, stderr } = await place.run([
      "run",
      place.write("s.yaml", SMALL_SCENARIO),
    ]);
    expect(stderr).not.toContain("✗");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^median \(range\) +fin +rst$/m);
    expect(existsSync(path.join(place.folder, "churnlab.db-wal"))).toBe(false);
    const succeeded = query<{ variant: string; value: number }>(
      "SELECT variant, value FROM v_measurement WHERE metric = 'connections.succeeded' ORDER BY variant",
    );
    expect(succeeded).toEqual([
      { variant: "fin", value: 100 },
      { variant: "rst", value: 300 },
    ]);
    expect(query("SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
  });

  it("prints one JSON document and no other byte on stdout with --json", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const { code, stdout } = await place.run(["run", file, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
  });

  it("never sends an escape code into a pipe", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const { stdout, stderr } = await place.run(["run", file]);
    expect(stdout + stderr).not.toContain("\u001b");
  });

  it.each(["stdout", "stderr"] as const)(
    "goes on and is stored when nobody reads %s any more",
    async (stream) => {
      const started = place.start(["run", place.write("s.yaml", SMALL_SCENARIO)]);
      started.child[stream]?.destroy();
      const { code } = await started.ended;
      expect(code).toBe(0);
      expect(query("SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
      expect(query("SELECT state FROM v_trial")).toHaveLength(2);
    },
  );

  it("runs only the variants that --only names, with the settings that --set changes", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const args = ["run", file, "--only", "fin", "--set", "workload.arrival.rate=50/s"];
    const { code } = await place.run(args);
    expect(code).toBe(0);
    const attempted = query(
      "SELECT variant, value FROM v_measurement WHERE metric = 'connections.attempted'",
    );
    expect(attempted).toEqual([{ variant: "fin", value: 50 }]);
  });

  it("works without root", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const args = ["run", file];
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stderr, stdout } = await place.run(args, { prefix });
    expect(stderr).not.toContain("✗");
    expect(code).toBe(0);
    expect(stdout).toMatch(/connections\.succeeded .*100 .*300/);
  });
});

describe("an interrupted run", () => {
  it("stops at SIGINT, keeps what it has, and ends with 130", async () => {
    const started = place.start(["run", place.write("s.yaml", LONG_SCENARIO)]);
    await started.shows("measure");
    await sleep(500);
    started.child.kill("SIGINT");
    const { code } = await started.ended;
    expect(code).toBe(130);
    expect(query("SELECT state FROM v_run")).toEqual([{ state: "aborted" }]);
    expect(query("SELECT state FROM v_trial")).toEqual([{ state: "aborted" }]);
    const [attempted] = query<{ value: number }>(
      "SELECT value FROM v_measurement WHERE metric = 'connections.attempted'",
    );
    expect(attempted?.value).toBeGreaterThan(0);
  });

  it("does not go on without root when the process that was started is killed", async () => {
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const file = place.write("s.yaml", LONG_SCENARIO);
    const started = place.start(["run", file], { prefix });
    await started.shows("measure");
    const pid = started.child.pid as number;
    const [inner] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    expect(existsSync(`/proc/${inner}`)).toBe(true);
    started.child.kill("SIGKILL");
    await expect.poll(() => existsSync(`/proc/${inner}`), { timeout: 10_000 }).toBe(false);
    expect((await place.run(["runs"])).stdout).toContain("aborted");
  });

  it("leaves no namespace behind when it is killed, and its run is known as aborted", async () => {
    const started = place.start(["run", place.write("s.yaml", LONG_SCENARIO)]);
    await started.shows("measure");
    const pid = started.child.pid as number;
    const inodes = namespacesHeldBy(pid);
    expect(inodes.length).toBeGreaterThanOrEqual(2);
    started.child.kill("SIGKILL");
    await started.ended;
    await expect.poll(() => inodes.filter(isSomebodysNamespace), { timeout: 5000 }).toEqual([]);
    const { code, stdout } = await place.run(["runs"]);
    expect(code).toBe(0);
    expect(stdout).toContain("aborted");
  });
});

/** Inodes of the network namespaces that a process holds by descriptor. */
function namespacesHeldBy(pid: number): string[] {
  const own = readlinkSync("/proc/self/ns/net");
  return listDescriptors(pid).filter((link) => link.startsWith("net:[") && link !== own);
}

function listDescriptors(pid: number | string): string[] {
  return readNames(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Whether any process still lives in a namespace or holds it by descriptor. */
function isSomebodysNamespace(link: string): boolean {
  return readNames("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => listDescriptors(pid).includes(link) || livesIn(pid, link));
}

function livesIn(pid: string, link: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === link;
  } catch {
    return false;
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
