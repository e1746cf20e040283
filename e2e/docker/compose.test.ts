import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "../cli/churnlab.ts";
import { docker, ROOT } from "./engine.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

const PROJECT = `churnlab-test-${process.pid}`;
const PORT = "17700";
const HEALTHY_MS_MAX = 180_000;
const CHURNLAB = ["node", "/churnlab/packages/cli/bin/churnlab.mjs"];

function compose(...args: readonly string[]): string {
  const env = {
    ...process.env,
    BASE: "churnlab-base",
    NATS_IMAGE: "churnlab-nats",
    CHURNLAB_PORT: PORT,
    TARGET_TCP_TW_REUSE: "0",
    TARGET_PORT_RANGE: "40000 40999",
    UPSTREAM_SOMAXCONN: "77",
  };
  const command = ["--project-name", PROJECT, ...args];
  return execFileSync("docker-compose", command, {
    cwd: ROOT,
    env,
    encoding: "utf8",
    stdio: "pipe",
  });
}

/** Three agents offer the load, the fourth the target. So many connections however busy the machine is. */
const FLEET = `
version: 1
name: fleet
workload: { kind: short-lived, closer: client, arrival: { model: closed, connections: 6, limit: 200 } }
phases: { measure: 20s }
fleet: { agents: 3 }
variants: [{ name: only }]
replicates: 2
`;

interface FleetTrial {
  readonly state: string;
  readonly measurements: Readonly<Record<string, number>>;
}

/** The container of a service. */
const nameOf = (service: string): string => compose("ps", "--quiet", service).trim();

const readIn = (service: string, file: string): string =>
  docker("exec", nameOf(service), "node", "-p", `fs.readFileSync("${file}", "utf8").trim()`);

async function awaitHealthy(name: string): Promise<void> {
  const untilMs = performance.now() + HEALTHY_MS_MAX;
  for (;;) {
    const health = docker("inspect", "--format", "{{.State.Health.Status}}", name);
    if (health === "healthy") return;
    if (performance.now() > untilMs) throw new Error(`${name} is ${health}: ${compose("logs")}`);
    await sleep(500);
  }
}

/** HTTP status of the controller's page, asked from where the engine publishes its ports. */
function askPage(place: string): number {
  const code = `fetch("http://127.0.0.1:${PORT}${place}", { redirect: "manual" }).then((a) => console.log(a.status))`;
  return Number(docker("run", "--rm", "--network", "host", "churnlab-base", "node", "-e", code));
}

describe("docker-compose up", () => {
  const runs = skipWithoutEngine();
  beforeAll(() => {
    if (runs) compose("up", "--detach");
  }, 240_000);
  afterAll(() => {
    if (runs) compose("--profile", "fleet", "down", "--volumes", "--timeout", "3");
  });

  // What does not ask for its results is tested while the quickstart goes on.
  it("gives target and upstream sysctls from the environment", async () => {
    await awaitHealthy(nameOf("target"));
    expect(readIn("target", "/proc/sys/net/ipv4/tcp_tw_reuse")).toBe("0");
    expect(readIn("target", "/proc/sys/net/ipv4/ip_local_port_range")).toBe("40000\t40999");
    expect(readIn("upstream", "/proc/sys/net/core/somaxconn")).toBe("77");
    expect(readIn("upstream", "/proc/sys/net/ipv4/tcp_tw_reuse")).toBe("2");
  });

  it("lets the controller load the target, where that is allowed", () => {
    const command = [...CHURNLAB, "run", "/churnlab/deploy/load-target.yaml", "--db", "/data/x.db"];
    const run = (...flags: readonly string[]): string =>
      docker("exec", nameOf("controller"), ...command, ...flags);
    expect(() => run()).toThrow(/E_EXTERNAL/);
    expect(run("--allow-external")).toMatch(/gate/);
  });

  describe("the images", () => {
    it.each([
      ["churnlab-target", "10001:10001"],
      // They make namespaces and write sysctls, for which they are root of their containers.
      ["churnlab-controller", ""],
      ["churnlab-agent", ""],
    ])("%s holds no tool of the build", (image, User) => {
      const code = `const { readdirSync } = require("node:fs");
        console.log(readdirSync("/churnlab/node_modules/.pnpm").join(" "), readdirSync("/usr/local/bin").join(" "))`;
      const held = docker("run", "--rm", "--entrypoint", "node", image, "-e", code);
      expect(held).toMatch(/fastify@/);
      expect(held).not.toMatch(/typescript|vitest|oxlint|biome|pnpm@|rolldown/);
      const config = JSON.parse(docker("image", "inspect", "--format", "{{json .Config}}", image));
      const Healthcheck = { Test: expect.anything() };
      expect(config).toMatchObject({ StopSignal: "SIGTERM", Healthcheck });
      // Engines differ in whether they say that there is none.
      expect(config.User ?? "").toBe(User);
    });

    it("serve by epoll where io_uring is forbidden, and by io_uring where the shipped profile allows it", async () => {
      using place = new Workplace();
      const allowing = path.join(ROOT, "deploy/seccomp-io-uring.json");
      const profile = JSON.parse(readFileSync(allowing, "utf8"));
      profile.syscalls[0].names.push("io_uring_setup", "io_uring_enter", "io_uring_register");
      const forbidding = place.write("forbidding.json", JSON.stringify(profile));
      expect(await firstLine(allowing)).toMatch(/^ring \(the fastest\)/);
      expect(await firstLine(forbidding)).toMatch(/^epoll \(ring: /);
    });

    it("serve under the engine's own profile, which forbids io_uring since version 25", async () => {
      const version = docker("version", "--format", "{{.Server.Version}}");
      const served =
        Number.parseInt(version, 10) >= 25 ? /^epoll \(ring: / : /^ring \(the fastest\)/;
      expect(await firstLine(null)).toMatch(served);
    });
  });

  it("ends with a finished quickstart run in the volume of the database", async () => {
    await awaitHealthy(nameOf("controller"));
    expect(readIn("controller", "/data/finished")).toBe("0");
    const from = ["compare", "last", "--all", "--format", "csv", "--db", "/data/churnlab.db"];
    const csv = docker("exec", nameOf("controller"), ...CHURNLAB, ...from);
    // Both other variants are compared with the baseline, whose median is its port range.
    const against = [...csv.matchAll(/,baseline,[^,]+,client,connections\.succeeded,\d,(\d+),/g)];
    expect(against.map(([, median]) => median)).toEqual(["2048", "2048"]);
  }, 240_000);

  it("is healthy by the status of the run: one whose gates failed is served, and not healthy", () => {
    const check = `const { execFileSync } = require("node:child_process");
      const ask = (status) => {
        fs.writeFileSync("/data/finished", status);
        try { execFileSync("node", ["/churnlab/deploy/check-finished.mjs"]); return 0; } catch (error) { return error.status; }
      };
      console.log(["1\\n", "4\\n", "0\\n"].map(ask).join(" "))`;
    expect(docker("exec", nameOf("controller"), "node", "-e", check)).toBe("1 1 0");
  });

  it("serves its page on this machine, to those who know the token", () => {
    const token = /\?token=([\w-]+)/.exec(compose("logs", "--no-color", "controller"))?.[1];
    expect(askPage("/healthz")).toBe(200);
    expect(askPage("/")).toBe(401);
    expect(askPage(`/?token=${token}`)).toBe(303);
  });

  it("gives a scaled fleet clean trials, each in fresh namespaces of every agent", async () => {
    compose("--profile", "fleet", "up", "--detach", "--scale", "agent=4", "nats", "agent");
    const agents = compose("--profile", "fleet", "ps", "--quiet", "agent").trim().split("\n");
    expect(agents).toHaveLength(4);
    for (const agent of agents) await awaitHealthy(agent);
    const write = `fs.writeFileSync("/tmp/fleet.yaml", ${JSON.stringify(FLEET)})`;
    docker("exec", nameOf("controller"), "node", "-e", write);
    const controller = [nameOf("controller"), ...CHURNLAB];
    const database = ["--db", "/tmp/fleet.db"];
    docker(
      "exec",
      ...controller,
      "run",
      "/tmp/fleet.yaml",
      "--nats",
      "nats://nats:4222",
      "--insecure",
      ...database,
    );
    const shown = docker("exec", ...controller, "show", "last", "--json", ...database);
    const trials: FleetTrial[] = JSON.parse(shown).run.trials;
    // What one trial leaves in TIME_WAIT is not there in the next.
    expect(trials.map(({ state, measurements }) => [state, measurements])).toEqual(
      [1, 2].map(() => [
        "completed",
        expect.objectContaining({
          "client.connections.succeeded": 200,
          "client.time_wait.peak": 200,
          "target.tcp.PassiveOpens": 200,
        }),
      ]),
    );
  });
});

describe("docker-compose down", () => {
  skipWithoutEngine();

  it("leaves no container, network or volume of it", () => {
    const label = `label=com.docker.compose.project=${PROJECT}`;
    const left = ["container", "network", "volume"].map((kind) =>
      docker(kind, "ls", "--quiet", "--filter", label),
    );
    expect(left).toEqual(["", "", ""]);
  });
});

/** What a target says when it listens, under a seccomp profile; null: the engine's own. */
async function firstLine(profile: string | null): Promise<string> {
  const security = profile === null ? [] : ["--security-opt", `seccomp=${profile}`];
  const id = docker("run", "--detach", ...security, "churnlab-target");
  try {
    for (let i = 0; i < 200; i++) {
      const log = docker("logs", id);
      if (log.includes("\n") || log.includes("listens")) return log;
      await sleep(50);
    }
    throw new Error("the target says nothing");
  } finally {
    docker("rm", "--force", id);
  }
}
