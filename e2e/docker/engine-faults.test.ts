import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";
import { docker, listContainers } from "./engine.ts";
import { findDocker, writeProgram } from "./fake-program.ts";
import { ImageRegistry } from "./image-registry.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

const scenario = (parts: string): string => `
version: 1
name: faults
testbed: docker
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }
phases: { measure: 1s }
replicates: 1
${parts}
variants: [{ name: only }]
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

interface RunOptions {
  readonly parts?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly prefix?: readonly string[];
  readonly flags?: readonly string[];
}

async function run({ parts = "", env = {}, prefix = [], flags = [] }: RunOptions): Promise<Ended> {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const file = place.write("s.yaml", scenario(parts));
  return place.run(["run", file, ...flags], { prefix: ["env", ...assignments, ...prefix] });
}

function expectEnded({ code, stderr }: Ended): void {
  expectRan({ code, said: stderr }, path.join(place.folder, "churnlab.db"));
}

const withProgram = (name: string, script: string): Record<string, string> => ({
  PATH: `${writeProgram(place.folder, name, script)}:${process.env["PATH"]}`,
});

describe("an engine that cannot be used", () => {
  it.each([
    ["is absent", { DOCKER_HOST: "unix:///nowhere/docker.sock" }, /cannot connect|no such file/i],
    ["has no program", { CHURNLAB_CONTAINER_ENGINE: "no-such-engine" }, /not installed/],
  ])("ends the run with 3 before it begins when it %s", async (_, env, reason) => {
    const { code, stderr } = await run({ env: { ...env } });
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(/E_CONTAINER_ENGINE|E_TOOL_MISSING/);
    expect(stderr).toContain("fix:");
    expect(code).toBe(3);
  });

  it("ends it with 3 when its command line is too old to be told not to pull", async () => {
    // It answers until a container is created.
    const old = `case "$*" in
      *Client.Version*) echo 19.03.15 ;; *APIVersion*) echo 1.40 ;; "image inspect"*) echo sha256:1 ;;
      *) echo "unknown flag: --pull" >&2; exit 125 ;; esac`;
    const { code, stderr } = await run({ env: withProgram("docker", old) });
    expect(stderr).toMatch(/19\.03\.15 is too old.*E_CONTAINER_ENGINE[^]*20\.10/);
    expect(code).toBe(3);
  });
});

it("an engine that hangs while it creates is not waited for once the run is interrupted", async () => {
  const hanging = `case "$*" in
    *Version*) echo 28.5.1 ;; "image inspect"*) echo sha256:1 ;;
    create*) touch "${place.folder}/creating"; exec sleep 30 ;;
    rm*) echo "$4" >"${place.folder}/removed"; echo "$4" ;; esac`;
  const assignments = Object.entries(withProgram("docker", hanging)).map(([k, v]) => `${k}=${v}`);
  const file = place.write("s.yaml", scenario(""));
  const started = place.start(["run", file], { prefix: ["env", ...assignments] });
  await expect.poll(() => existsSync(`${place.folder}/creating`)).toBe(true);
  const atMs = performance.now();
  started.child.kill("SIGINT");
  const { code } = await started.ended;
  expect(performance.now() - atMs).toBeLessThan(15_000);
  expect(code).toBe(130);
  expect(readFileSync(`${place.folder}/removed`, "utf8")).toMatch(/^churnlab-\d+-/);
});

describe("with an engine", () => {
  const runs = skipWithoutEngine();

  it("says so when the engine is too old for its command line", async () => {
    const { code, stderr } = await run({ env: { DOCKER_API_VERSION: "1.10" } });
    expect(stderr).toMatch(/too old.*E_CONTAINER_ENGINE/);
    expect(code).toBe(3);
  });

  it("says what a user lacks who may not enter a container, nor has the image that measures inside", async () => {
    const socket = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").slice(7);
    const { gid } = statSync(socket);
    const prefix = ["setpriv", "--reuid=65534", `--regid=${gid}`, "--clear-groups"];
    const env = { CHURNLAB_AGENT_IMAGE: "churnlab-absent" };
    const { code, stderr } = await run({ prefix, env });
    expect(stderr).toMatch(/entered from outside.*CAP_SYS_ADMIN.*churnlab-absent.*E_CAPABILITY/);
    expect(code).toBe(3);
    expect(listContainers()).toEqual([]);
  });

  it("says so when this user may not talk to the engine", async () => {
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stderr } = await run({ prefix });
    expect(stderr).toMatch(/permission denied[^]*E_CAPABILITY[^]*fix:/i);
    expect(code).toBe(3);
  });

  it("pulls nothing unasked, and with --pull what is missing", async () => {
    if (!runs) return;
    await using registry = await ImageRegistry.start();
    const image = registry.push("churnlab-pulled");
    const parts = `target: { image: "${image}" }`;
    const refused = await run({ parts });
    expect(refused.stderr).toContain(`There is no image ${image}`);
    expect(refused.stderr).toMatch(/E_IMAGE[^]*--pull/);
    expect(refused.code).toBe(3);
    expect(registry.countRequests()).toBe(0);
    try {
      // It has come, and then lacks a program to run.
      const pulled = await run({ parts, flags: ["--pull"] });
      expect(pulled.stderr).toMatch(/no-program/);
      expect(pulled.code).toBe(4);
      expect(registry.countRequests()).toBeGreaterThan(0);
    } finally {
      docker("image", "rm", "--force", image);
    }
  });

  it("names an image that is nowhere, also when it may be pulled", async () => {
    const image = "127.0.0.1:9/churnlab-absent";
    const { code, stderr } = await run({
      parts: `target: { image: "${image}" }`,
      flags: ["--pull"],
    });
    expect(stderr).toContain(image);
    expect(stderr).toMatch(/could not be pulled.*E_IMAGE/);
    expect(code).toBe(3);
  });

  it("is any program that understands docker's words", async () => {
    const env = withProgram(
      "podman",
      `echo "$1" >>${place.folder}/calls; exec ${findDocker()} "$@"`,
    );
    expectEnded(await run({ env: { ...env, CHURNLAB_CONTAINER_ENGINE: "podman" } }));
    const { stdout } = await place.run(["show", "last", "--json"]);
    expect(stdout).toContain("image: churnlab-target");
  });

  /** An engine that refuses every sysctl, as one does that shares the host's network. */
  const refusing = (): string =>
    `for word; do [ "$word" = --sysctl ] && { echo "sysctl is not allowed in the host's network" >&2; exit 125; }; done
     exec ${findDocker()} "$@"`;

  it("that refuses a sysctl is helped out: it is written into the container's namespace", async () => {
    const parts = "sysctls: { target: { net.ipv4.tcp_fin_timeout: 7 } }";
    expectEnded(await run({ parts, env: withProgram("docker", refusing()) }));
    const { stdout } = await place.run(["show", "last", "--json"]);
    expect(stdout).toMatch(/"target\.sysctls": "setns"/);
    const { run: stored } = JSON.parse(stdout) as {
      run: { trials: { sysctls: { name: string }[] }[] };
    };
    const sysctl = stored.trials[0]?.sysctls.find(
      ({ name }) => name === "net.ipv4.tcp_fin_timeout",
    );
    expect(sysctl).toMatchObject({ requested: "7", effective: "7" });
  });

  it("that refuses one which counts at listen() is not: the listener would have its old limit", async () => {
    const parts = "sysctls: { target: { net.core.somaxconn: 77 } }";
    const ended = await run({ parts, env: withProgram("docker", refusing()) });
    expect(ended.stderr + ended.stdout).toMatch(
      /net\.core\.somaxconn, which counts when its program begins to listen/,
    );
    expect(ended.code).toBe(4);
  });

  it("says of a sysctl that nobody can set which it is, why, and what to do", async () => {
    const parts = "sysctls: { target: { net.ipv4.tcp_congestion_control: nonsense } }";
    const { code, stderr, stdout } = await run({ parts });
    const said = stderr + stdout;
    expect(said).toMatch(/net\.ipv4\.tcp_congestion_control/);
    expect(said).toMatch(/refuses/);
    expect(said).toMatch(/host networking[^]*Kubernetes[^]*privileged/);
    expect(code).toBe(4);
    expect(listContainers()).toEqual([]);
  });
});
