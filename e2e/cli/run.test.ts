import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectRan } from "../machine-doubts.ts";
import { isSomebodysNamespace, namespacesHeldBy } from "../namespaces-held.ts";
import { type Ended, SMALL_SCENARIO, Workplace } from "./churnlab.ts";

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

const fileOf = (name: string): string => path.join(place.folder, name);

const LONG_SCENARIO = SMALL_SCENARIO.replace("measure: 1s", "measure: 30s");

/** A host that is busy with other things makes a trial invalid, which is not what these tests ask. */
function expectEnded({ code, stderr }: Pick<Ended, "code" | "stderr">): void {
  expectRan({ code, said: stderr }, fileOf("churnlab.db"));
}

describe("churnlab run", () => {
  it("runs every variant, stores the run in one file, and prints the comparison", async () => {
    const { code, stdout, stderr } = await place.run([
      "run",
      place.write("s.yaml", SMALL_SCENARIO),
    ]);
    expect(stderr).not.toContain("✗");
    expectEnded({ code, stderr });
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
    const { stdout, ...ended } = await place.run(["run", file, "--json"]);
    expectEnded(ended);
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
      expectEnded(await started.ended);
      expect(query("SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
      expect(query("SELECT state FROM v_trial")).toHaveLength(2);
    },
  );

  it("runs only the variants that --only names, with the settings that --set changes", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const args = ["run", file, "--only", "fin", "--set", "workload.arrival.rate=50/s"];
    expectEnded(await place.run([...args, "--pull", "--report", "report.html"]));
    expect(readFileSync(fileOf("report.html"), "utf8")).toMatch(
      /\$ churnlab run scenario\.yaml --seed 1 --set workload\.arrival\.rate=50\/s --only fin --pull\n/,
    );
    const attempted = query(
      "SELECT variant, value FROM v_measurement WHERE metric = 'connections.attempted'",
    );
    expect(attempted).toEqual([{ variant: "fin", value: 50 }]);
  });

  it("says before it begins that a gateway will run out of ports", async () => {
    const gateway = SMALL_SCENARIO.replace(/variants:[^]*/, "").replace(/sysctls:.*\n/, "");
    const file = place.write(
      "s.yaml",
      `${gateway.replace("measure: 1s", "measure: 200ms")}
topology: gateway
sysctls: { target: { net.ipv4.ip_local_port_range: "40000 40029", net.ipv4.tcp_tw_reuse: 0 } }
variants: [ { name: only } ]
`,
    );
    const { stderr } = await place.run(["run", file, "--replicates", "1"]);
    expect(stderr).toMatch(/^! the target will run out of ports towards its upstream: 30 ports/m);
    const quiet = await place.run(["run", file, "--replicates", "1", "--quiet"]);
    expect(quiet.stderr).not.toContain("run out of ports");
  });

  it("works without root", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const args = ["run", file];
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stderr, stdout } = await place.run(args, { prefix });
    expect(stderr).not.toContain("✗");
    expectEnded({ code, stderr });
    expect(stdout).toMatch(/connections\.succeeded .*100 .*300/);
  });
});

describe("a scenario that is piped in", () => {
  it.each([
    ["as root", []],
    ["without root", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]],
  ])("runs %s as a file does", async (_, prefix) => {
    const text = SMALL_SCENARIO.replace("300/s", "50/s");
    const inner = ["sh", "-c", `cat ${place.write("s.yaml", text)} | "$@"`, "sh"];
    const ended = await place.run(["run", "-", "--only", "rst"], {
      prefix: [...prefix, ...inner],
    });
    expectEnded(ended);
    expect(query("SELECT variant FROM v_trial")).toEqual([{ variant: "rst" }]);
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

  it.each<readonly [when: string, isThen: (said: string) => boolean, waitMs: number]>([
    ["as it begins", () => existsSync(fileOf("churnlab.db")), 0],
    ["in its first trial", (said) => said.includes("trial 1/2"), 0],
    ["in its drain", (said) => said.includes("trial 1/2"), 2000],
  ])(
    "leaves nothing but a database that says so when SIGINT comes %s",
    async (_, isThen, waitMs) => {
      const text = SMALL_SCENARIO.replace("measure: 1s", "measure: 300ms, drain: 30s");
      const started = place.start(["run", place.write("s.yaml", text)]);
      let said = "";
      started.child.stderr?.on("data", (more: string) => {
        said += more;
      });
      await expect.poll(() => isThen(said), { interval: 5 }).toBe(true);
      await sleep(waitMs);
      const inodes = namespacesHeldBy(started.child.pid as number);
      started.child.kill("SIGINT");
      expect((await started.ended).code).toBe(130);
      await expect.poll(() => inodes.filter(isSomebodysNamespace)).toEqual([]);
      expect(readdirSync(place.folder).toSorted()).toEqual(["churnlab.db", "s.yaml"]);
      const states = query<{ state: string }>("SELECT state FROM v_run").map(({ state }) => state);
      expect(states.filter((state) => state !== "aborted")).toEqual([]);
      expect((await place.run(["runs"])).code).toBe(0);
    },
  );

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
    await expect.poll(() => inodes.filter(isSomebodysNamespace)).toEqual([]);
    const { code, stdout } = await place.run(["runs"]);
    expect(code).toBe(0);
    expect(stdout).toContain("aborted");
  });
});

const BLOCKS = SMALL_SCENARIO.replace("replicates: 1", "replicates: 2")
  .replace("300/s", "50/s")
  .replace("measure: 1s", "measure: 500ms");

interface TrialRow {
  readonly trial_id: number;
  readonly attempt: number;
  readonly state: string;
  readonly variant: string;
}

const listTrials = (where: string): TrialRow[] =>
  query(
    `SELECT trial_id, attempt, state, variant FROM v_trial WHERE ${where} ORDER BY trial_id, attempt`,
  );

describe("a run that is resumed", () => {
  it("after SIGKILL in the middle has each trial of its plan once, and a comparison like any other", async () => {
    const file = place.write("s.yaml", BLOCKS);
    const whole = await place.run(["run", file]);
    expectEnded(whole);
    const [{ run_id: wholeId }] = query<{ run_id: string }>("SELECT run_id FROM v_run") as [
      { run_id: string },
    ];
    const started = place.start(["run", file]);
    await started.shows("trial 3/4 begins");
    started.child.kill("SIGKILL");
    await started.ended;
    const resumed = await place.run(["run", "--resume", "last"]);
    expect(resumed.stderr).toContain("2 of 4 trials are there already");
    expectEnded(resumed);
    const runs = query<{ run_id: string; state: string }>(
      "SELECT run_id, state FROM v_run ORDER BY started_at",
    );
    expect(runs.map(({ state }) => state)).toEqual(["completed", "completed"]);
    const of = (id: string): Omit<TrialRow, "state">[] =>
      listTrials(`run_id = '${id}' AND superseded = 0`).map(({ state: _state, ...row }) => row);
    const resumedId = runs[1]?.run_id as string;
    expect(of(resumedId)).toEqual(
      of(wholeId).map((trial) => (trial.trial_id === 3 ? { ...trial, attempt: 2 } : trial)),
    );
    expect(listTrials("superseded = 1")).toMatchObject([
      { trial_id: 3, attempt: 1, state: "aborted" },
    ]);
    const lines = linesOfTable(whole.stdout);
    expect(lines.length).toBeGreaterThan(3);
    expect(linesOfTable(resumed.stdout)).toEqual(lines);
    expect(resumed.stdout).toContain("attempt 1 of 3, aborted");
  });

  it("after an interruption repeats the trial that was cut short", async () => {
    const started = place.start(["run", place.write("s.yaml", BLOCKS)]);
    await started.shows("trial 2/4 begins");
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
    expectEnded(await place.run(["run", "--resume", "last"]));
    const [cut, repeated] = listTrials("trial_id = 2");
    expect(cut).toMatchObject({ attempt: 1, state: "aborted" });
    expect(repeated).toMatchObject({ attempt: 2, state: expect.not.stringMatching("aborted") });
    expect(query("SELECT state FROM v_run")).toEqual([{ state: "completed" }]);
    expect(listTrials("superseded = 0")).toHaveLength(4);
    const again = await place.run(["run", "--resume", "last"]);
    expect(again.stderr).toContain("E_RESUME");
    expect(again.code).toBe(2);
  });

  it("is refused while it goes on, and with a scenario file that has changed", async () => {
    const file = place.write("s.yaml", LONG_SCENARIO);
    const started = place.start(["run", file]);
    await started.shows("measure");
    const meanwhile = await place.run(["run", "--resume", "last"]);
    expect(meanwhile.stderr).toMatch(/still goes on.*E_RESUME/);
    expect(meanwhile.code).toBe(2);
    started.child.kill("SIGKILL");
    await started.ended;
    const other = place.write("other.yaml", SMALL_SCENARIO);
    const changed = await place.run(["run", other, "--resume", "last"]);
    const [{ run_id }] = query<{ run_id: string }>("SELECT run_id FROM v_run") as [
      { run_id: string },
    ];
    expect(changed.stderr).toContain(run_id);
    expect(changed.stderr).toContain("other.yaml");
    expect(changed.code).toBe(2);
    const flags = await place.run(["run", "--resume", "last", "--seed", "3"]);
    expect(flags.stderr).toMatch(/--resume.*--seed/);
    expect(flags.code).toBe(2);
  });
});

/** The names that the comparison has lines for, of what does not depend on the moment. */
function linesOfTable(text: string): string[] {
  const names = [...text.matchAll(/^(\S+\.\S+) [↑↓ ]/gm)].map(([, name = ""]) => name);
  return names.filter((name) => /^client\.(?:connections|time_wait|rst)\./.test(name));
}
