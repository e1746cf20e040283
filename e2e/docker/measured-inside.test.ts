import { spawn } from "node:child_process";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import path from "node:path";
import { DockerTestbed } from "@churnlab/testbed";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";
import { runVariants, type VariantResult } from "../run-variants.ts";
import {
  describeExhaustion,
  EXHAUSTION,
  gatewayExhaustion,
} from "../testbed/gateway-exhaustion.ts";
import { conformance, countsOf, hastened } from "./conformance.ts";
import { docker, listContainers } from "./engine.ts";
import { findDocker, writeProgram } from "./fake-program.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

/** Long enough to be interrupted. */
const LONG = conformance(`testbed: docker
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
variants: [{ name: only }]`).replace("1s", "10s");

const factOf = (result: VariantResult | undefined, name: string): string | undefined =>
  result?.outcome.record.environment?.facts[name];

describe("a container that may not be entered from outside", () => {
  skipWithoutEngine();
  const testbed = new DockerTestbed();
  beforeEach(() => {
    vi.stubEnv("CHURNLAB_CONTAINER_VIEW", "inside");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => testbed.close());

  it.each(["closer", "linger-rst"] as const)(
    "is measured from inside, which counts what is counted from outside: %s",
    async (name) => {
      const text = `testbed: docker\n${hastened(name)}`;
      const inside = await runVariants(text, testbed);
      vi.unstubAllEnvs();
      const outside = await runVariants(text, testbed);
      expect(countsOf(inside)).toEqual(countsOf(outside));
      const sysctlsOf = (results: typeof inside) =>
        Object.values(results).map(({ outcome }) => outcome.record.sysctls);
      expect(sysctlsOf(inside)).toEqual(sysctlsOf(outside));
      for (const result of Object.values(inside)) {
        expect(factOf(result, "target.measured")).toBe("from inside");
        expect(result.of("target", "cpu.us_per_connection")).toBeGreaterThan(0);
      }
      for (const result of Object.values(outside)) {
        expect(factOf(result, "target.measured")).toBe("from outside");
      }
    },
  );

  it("is one whose engine tells the process id of a stranger: that is neither entered nor changed", async () => {
    vi.unstubAllEnvs();
    // A process of this machine with nothing but a loopback, which is all that can be seen of it from here.
    const stranger = spawn("unshare", ["--net", "sleep", "60"], { stdio: "ignore" });
    try {
      await vi.waitFor(() => {
        const [its, own] = [stranger.pid, "self"].map((pid) => readlinkSync(`/proc/${pid}/ns/net`));
        expect(its).not.toBe(own);
      });
      using place = new Workplace();
      const lie = `if [ "$1" = inspect ]; then case "$*" in *State.Pid*)
          pid=$(${findDocker()} "$@") || exit; [ "$pid" = 0 ] && echo 0 || echo ${stranger.pid}; exit ;; esac; fi
        exec ${findDocker()} "$@"`;
      const bin = writeProgram(place.folder, "docker", lie);
      const file = place.write(
        "s.yaml",
        conformance(`testbed: docker
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
sysctls: { target: { net.core.somaxconn: 77 } }
variants: [{ name: only }]`),
      );
      const prefix = ["env", `PATH=${bin}:${process.env["PATH"]}`];
      const { code, stderr } = await place.run(["run", file], { prefix });
      expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
      const { stdout } = await place.run(["show", "last", "--json"]);
      expect(stdout).toContain('"target.measured": "from inside"');
      const devices = readFileSync(`/proc/${stranger.pid}/net/dev`, "utf8");
      expect(devices).toMatch(/^ *lo:/m);
      expect(devices).not.toMatch(/^ *(?:t\d+|up):/m);
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill("SIGKILL");
    }
    expect(listContainers()).toEqual([]);
  });

  it("may be a gateway, whose ports run out in the same way", async () => {
    const workload = "{ kind: keep-alive, arrival: { model: closed, connections: 8, limit: 800 } }";
    const text = gatewayExhaustion(workload).replace("topology:", "testbed: docker\ntopology:");
    expect(describeExhaustion(await runVariants(text, testbed))).toEqual(EXHAUSTION);
    expect(listContainers()).toEqual([]);
  });

  it("that ends at once, or never listens, says so with its last lines", async () => {
    const target = (code: string): string =>
      `target: { image: churnlab-base, port: 8080, command: [node, -e, '${code}'] }`;
    const run = (code: string, patienceMs?: number) =>
      runVariants(
        conformance(`testbed: docker\n${target(code)}
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
variants: [{ name: only }]`),
        new DockerTestbed(patienceMs === undefined ? {} : { patienceMs }),
      );
    await expect(run(`console.log("no way"); process.exit(3)`)).rejects.toThrow(
      /ended with status 3.*no way/s,
    );
    // Time for the container to start, so that what it does instead is seen.
    const silent = run(`require("node:net").createServer().listen(9)`, 3000);
    await expect(silent).rejects.toThrow(/does not listen.*port 9/s);
    expect(listContainers()).toEqual([]);
  });

  it("leaves two containers when its harness is killed, which clean removes", async () => {
    using place = new Workplace();
    const started = place.start(["run", place.write("s.yaml", LONG)]);
    await started.shows("measure");
    expect(listContainers()).toHaveLength(2);
    started.child.kill("SIGKILL");
    await started.ended;
    await place.run(["clean"]);
    expect(listContainers()).toEqual([]);
  });

  it("that is killed in the middle leaves a trial that says how it ended", async () => {
    using place = new Workplace();
    const started = place.start(["run", place.write("s.yaml", LONG)]);
    await started.shows("measure");
    const target = listContainers().find((name) => docker("inspect", name).includes('"none"'));
    docker("kill", target ?? "none");
    const { code } = await started.ended;
    expect(code).toBe(4);
    const shown = await place.run(["show", "last"]);
    expect(shown.stdout).toMatch(/the container of churnlab-target ended with status 137/);
    expect(listContainers()).toEqual([]);
  });
});

describe("a user who may use the engine but not enter a container", () => {
  skipWithoutEngine();

  it("is served by measuring from inside", async () => {
    using place = new Workplace();
    const socket = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").slice(7);
    const { gid } = statSync(socket);
    const user = ["setpriv", "--reuid=65534", `--regid=${gid}`, "--clear-groups"];
    const file = place.write(
      "s.yaml",
      conformance(`testbed: docker
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
sysctls: { target: { net.core.somaxconn: 77 } }
variants: [{ name: only }]`),
    );
    const { code, stderr } = await place.run(["run", file], { prefix: user });
    expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
    const { stdout } = await place.run(["show", "last", "--json"], { prefix: user });
    expect(stdout).toContain('"target.measured": "from inside"');
    expect(stdout).toMatch(/"net\.core\.somaxconn"/);
    expect(listContainers()).toEqual([]);
  });
});
