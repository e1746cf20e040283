import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectRan } from "../machine-doubts.ts";
import { type Ended, SMALL_SCENARIO, Workplace } from "./churnlab.ts";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place[Symbol.dispose]();
});

async function validate(text: string): Promise<Ended> {
  return place.run(["validate", place.write("s.yaml", text)]);
}

describe("a scenario that is wrong", () => {
  it.each([
    ["an unknown key", "workload:", "worklod:", ["did you mean workload"]],
    ["an unknown sysctl", "tcp_tw_reuse", "tcp_tw_reus", ["did you mean net.ipv4.tcp_tw_reuse"]],
    ["a removed sysctl", "tcp_tw_reuse", "tcp_tw_recycle", ["4.12", "tcp_tw_reuse"]],
    ["a host-wide sysctl", "net.ipv4.tcp_tw_reuse: 0", "net.ipv4.tcp_mem: 1 2 3", ["host"]],
    ["a range low > high", "40000 40099", "40099 40000", ["40099"]],
    ["a rate without unit", "300/s", "300", ["/s"]],
    ["zero replicates", "replicates: 1", "replicates: 0", ["replicates"]],
  ])("says of %s what, where, and the fix, and ends with 2", async (...row) => {
    const [, from, to, words] = row;
    const { code, stderr } = await validate(SMALL_SCENARIO.replace(from, to));
    expect(code).toBe(2);
    for (const word of words) expect(stderr.toLowerCase()).toContain(word.toLowerCase());
    expect(stderr).toMatch(/s\.yaml:\d+:\d+/);
    expect(stderr).toMatch(/\^/);
    expect(stderr).not.toContain("bug");
  });

  it("does not keep the next one from being reported too", async () => {
    const files = ["a.yaml", "b.yaml"].map((name) => place.write(name, "version: 1\n"));
    const { code, stderr } = await place.run(["validate", ...files]);
    expect(code).toBe(2);
    expect(stderr).toContain("a.yaml: 2 problems");
    expect(stderr).toContain("b.yaml: 2 problems");
  });

  it("has all its problems reported at once, each with its line", async () => {
    const five = SMALL_SCENARIO.replace("300/s", "300")
      .replace("tcp_tw_reuse", "tcp_tw_recycle")
      .replace("40000 40099", "40099 40000")
      .replace("replicates: 1", "replicates: 0")
      .replace("close: rst", "close: reset");
    const { code, stderr } = await validate(five);
    expect(code).toBe(2);
    const lines = [...stderr.matchAll(/s\.yaml:(\d+):\d+/g)].map(([, line]) => Number(line));
    expect(lines).toEqual([4, 6, 6, 9, 10]);
  });
});

describe("a file that is no scenario", () => {
  it.each([
    ["empty", (): string => place.write("s.yaml", "")],
    ["10 MB large", (): string => place.write("s.yaml", "#".repeat(10_000_000))],
    ["a directory", (): string => makeFolder("folder.yaml")],
    ["not there", (): string => path.join(place.folder, "absent.yaml")],
  ])("is refused with 2 when it is %s", async (_, make) => {
    const { code, stderr } = await place.run(["run", make()]);
    expect(code).toBe(2);
    expect(stderr).toContain("E_SCENARIO_FILE");
  });
});

describe("churnlab clean", () => {
  it.each([
    ["tracefs is mounted and closed to this user", "mount -t tracefs none /sys/kernel/tracing"],
    ["tracefs is not mounted", "umount -l /sys/kernel/tracing 2> /dev/null || true"],
  ])("ends well without any privilege when %s", async (_, prepare) => {
    // In a mount namespace of its own, so that nothing of the host's changes. No PATH leads to an engine.
    const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups env PATH=/nowhere";
    const prefix = ["unshare", "--mount", "sh", "-ec", `${prepare}; exec ${nobody} "$@"`, "sh"];
    expect(await place.run(["clean"], { prefix })).toEqual({
      code: 0,
      stdout: "",
      stderr: "✓ nothing was left behind\n",
    });
  });

  it.each([
    [
      "is dead",
      "Cannot connect to the Docker daemon at unix:///x. Is it running?",
      "CONTAINER_ENGINE",
    ],
    [
      "is not to be used by this user",
      "permission denied while trying to connect to the Docker daemon socket",
      "CAPABILITY",
    ],
  ])("ends with 3, and claims nothing, when the container engine %s", async (_, says, code) => {
    const engine = place.write("engine", `#!/bin/sh\necho "${says}" >&2\nexit 1\n`);
    chmodSync(engine, 0o755);
    const prefix = ["env", `CHURNLAB_CONTAINER_ENGINE=${engine}`];
    const ended = await place.run(["clean"], { prefix });
    expect(ended.stderr).toContain("Containers could not be looked at");
    expect(ended.stderr).toContain(`E_${code}`);
    expect(ended.stderr).toContain("fix:");
    expect(ended.stderr).not.toContain("nothing was left behind");
    expect(ended.code).toBe(3);
  });

  it("removes the directory of a program whose run was killed, and that of no other run", async () => {
    const scratch = makeFolder("tmp");
    const prefix = ["env", `TMPDIR=${scratch}`];
    // Of what it says, that of directories: the machine may have trace instances of others that were killed.
    const clean = async (): Promise<readonly string[]> => {
      const { code, stderr } = await place.run(["clean"], { prefix: [...prefix, "PATH=/nowhere"] });
      expect(code).toBe(0);
      return stderr.split("\n").filter((line) => line.includes("directory"));
    };
    const serve =
      "require('node:http').createServer((_, answer) => answer.end()).listen(8080, process.env.TARGET_HOST)";
    const file = place.write(
      "s.yaml",
      `${SMALL_SCENARIO.replace("1s", "30s")}target: { command: [node, -e, "${serve}"], port: 8080 }\n`,
    );
    const started = place.start(["run", file], { prefix });
    await started.shows("measure");
    const [name] = readdirSync(scratch);
    expect(name).toMatch(/^churnlab-target-/);
    expect(await clean()).toEqual([]);
    started.child.kill("SIGKILL");
    await started.ended;
    expect(await clean()).toEqual([`removed directory ${path.join(scratch, name ?? "")}`]);
    expect(readdirSync(scratch)).toEqual([]);
    expect(await clean()).toEqual([]);
  });
});

function makeFolder(name: string): string {
  const folder = path.join(place.folder, name);
  mkdirSync(folder);
  return folder;
}

describe("a machine that cannot", () => {
  it("ends with 3 and names the fix when there is neither CAP_NET_ADMIN nor a user namespace", async () => {
    const inner =
      'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all "$@"';
    const prefix = [
      "unshare",
      "--user",
      "--map-root-user",
      "--mount-proc",
      "--pid",
      "--fork",
      "sh",
      "-c",
      inner,
      "sh",
    ];
    const { code, stderr } = await place.run(["run", place.write("s.yaml", SMALL_SCENARIO)], {
      prefix,
    });
    expect(stderr).toContain("E_CAPABILITY");
    expect(stderr).toContain("fix:");
    expect(code).toBe(3);
  });

  it.each([
    [1024, "{ model: closed, connections: 5000 }"],
    [256, "{ model: open, rate: 300/s }"],
  ])(
    "ends with 3 before anything runs when a limit of %i open files is too low for %s",
    async (limit, arrival) => {
      const scenario = SMALL_SCENARIO.replace("{ model: open, rate: 300/s }", arrival);
      const { code, stderr } = await place.run(["run", place.write("s.yaml", scenario)], {
        prefix: ["prlimit", `--nofile=${limit}:${limit}`],
      });
      expect(stderr).toContain("E_NOFILE");
      expect(code).toBe(3);
    },
  );
});

describe("a user who may not capture packets", () => {
  it("runs trials all the same, and is told which capability counts the resets that arrive", async () => {
    const without = ["--inh-caps=-net_raw", "--bounding-set=-net_raw"];
    const file = place.write("s.yaml", SMALL_SCENARIO);
    const args = ["run", file, "--only", "rst"];
    const { code, stderr } = await place.run(args, { prefix: ["setpriv", ...without] });
    expect(stderr).not.toContain("✗");
    expect([0, 4]).toContain(code);
    using db = new DatabaseSync(path.join(place.folder, "churnlab.db"));
    const metrics = db
      .prepare(
        "SELECT role || '.' || metric AS name, value FROM v_measurement WHERE metric LIKE 'rst.%'",
      )
      .all();
    const names = metrics.map(({ name }) => name);
    // What the kernel counts and traces itself is there.
    expect(names).toEqual(
      expect.arrayContaining(["client.rst.sent", "client.rst.reason.TCP_STATE"]),
    );
    expect(names).not.toContain("target.rst.received");
    const [trial] = db.prepare("SELECT warnings FROM v_trial").all();
    expect(String(trial?.["warnings"])).toContain("W_OBSERVER_DEGRADED");
    expect(String(trial?.["warnings"])).toContain("CAP_NET_RAW");
  });
});

describe("a database that cannot take the run", () => {
  it("is refused with 2 when a newer churnlab wrote it", async () => {
    const file = place.write("s.yaml", SMALL_SCENARIO);
    // A host that is busy with other things makes the trial invalid; its database is written all the same.
    expect([0, 4]).toContain((await place.run(["run", file, "--only", "rst"])).code);
    const db = new DatabaseSync(path.join(place.folder, "churnlab.db"));
    db.exec("PRAGMA user_version = 9999");
    db.close();
    const { code, stderr } = await place.run(["run", file]);
    expect(stderr).toContain("E_DATABASE_NEWER");
    expect(code).toBe(2);
  });

  it("ends with 4 on a full disk and keeps the trials that were saved", async () => {
    const folder = makeFolder("small-disk");
    const many = SMALL_SCENARIO.replace("replicates: 1", "replicates: 12").replace(
      "measure: 1s",
      "measure: 300ms",
    );
    // The file system is of the command's own mount namespace, so what is left is read inside it.
    const inner = `mount -t tmpfs -o size=600k none ${folder} && "$@"; echo "exit $?";
      cp ${folder}/run.db* ${place.folder}/`;
    const { stdout, stderr } = await place.run(
      ["run", place.write("s.yaml", many), "--db", path.join(folder, "run.db")],
      { prefix: ["unshare", "--mount", "sh", "-c", inner, "sh"] },
    );
    expect(stderr).toContain("E_DISK");
    expect(stdout).toContain("exit 4");
    const db = new DatabaseSync(path.join(place.folder, "run.db"));
    try {
      const saved = db.prepare("SELECT count(*) AS n FROM v_trial WHERE state = 'completed'").get();
      expect(saved?.["n"]).toBeGreaterThan(0);
    } finally {
      db.close();
    }
  });
});

describe("a run that is killed", () => {
  it("leaves every trial that had ended in its NDJSON, whole", async () => {
    const many = SMALL_SCENARIO.replace("replicates: 1", "replicates: 50").replace(
      "measure: 1s",
      "measure: 100ms",
    );
    const file = path.join(place.folder, "trials.ndjson");
    const { child, ended } = place.start([
      "run",
      place.write("s.yaml", many),
      "--reporter",
      `ndjson=${file}`,
    ]);
    const count = (type: string): number =>
      existsSync(file) ? readFileSync(file, "utf8").split(`{"type":"${type}"`).length - 1 : 0;
    while (child.exitCode === null && count("trial") < 3) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGKILL");
    await ended;
    const lines = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const numbersOf = (type: string): Set<unknown> =>
      new Set(lines.filter((line) => line["type"] === type).map((line) => line["trial_id"]));
    expect(lines[0]).toMatchObject({ type: "run", planned_trials: 100 });
    expect(numbersOf("trial").size).toBeGreaterThanOrEqual(3);
    expect(numbersOf("trial").size).toBeLessThan(100);
    expect(numbersOf("measurement")).toEqual(numbersOf("trial"));
    expect(numbersOf("sample")).toEqual(numbersOf("trial"));
    expect(count("end")).toBe(0);
  });
});

describe("gates of a run without a valid trial", () => {
  it("have not passed: run, gate and JUnit say so", async () => {
    const gated = SMALL_SCENARIO.replace(
      "replicates: 1",
      "target: { command: [sh, -c, 'exit 1'] }\nreplicates: 1\ngates: [{ metric: client.connections.failed, max: 0 }]",
    );
    const file = place.write("s.yaml", gated);
    const ended = await place.run(["run", file, "--reporter", "junit=gates.xml"]);
    expect(ended.stdout).toMatch(/gates: 0 of 2 gates passed, 2 invalid/);
    expect(ended.code).toBe(4);
    const judged = await place.run(["gate", "last"]);
    expect(judged.stdout).toMatch(/! invalid +fin .*no trial of this variant completed/);
    expect(judged.code).toBe(4);
    const xml = readFileSync(path.join(place.folder, "gates.xml"), "utf8");
    expect(xml.match(/<error [^>]*type="invalid"/g)).toHaveLength(2);
    const annotated = await place.run(["run", file, "--reporter", "github", "--quiet"]);
    expect(annotated.stdout.match(/^::error .*gate invalid/gm)).toHaveLength(2);
  });
});

describe("a target that does not answer", () => {
  it("is counted connection by connection, not an error of the run", async () => {
    const deaf = SMALL_SCENARIO.replace(
      "phases:",
      "target: { server: builtin, misbehaviour: never-accept }\nphases:",
    ).replace("rate: 300/s }", "rate: 50/s }, timeouts: { connect: 200ms, response: 200ms }");
    const args = ["run", place.write("s.yaml", deaf), "--only", "fin"];
    const { code, stderr } = await place.run(args);
    const file = path.join(place.folder, "churnlab.db");
    expectRan({ code, said: stderr }, file);
    const db = new DatabaseSync(file);
    try {
      const failed = db.prepare("SELECT phase, errno, count FROM v_failure").all();
      expect(failed).toEqual([{ phase: "receive", errno: "ETIMEDOUT", count: 50 }]);
    } finally {
      db.close();
    }
  });
});
