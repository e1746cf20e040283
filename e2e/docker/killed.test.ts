import { execFileSync } from "node:child_process";
import { readlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Started, Workplace } from "../cli/churnlab.ts";
import { isSomebodysNamespace, namespacesHeldBy } from "../namespaces-held.ts";
import { docker, listContainers } from "./engine.ts";
import { PrivateEngine } from "./private-engine.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

const LONG = `
version: 1
name: killed
testbed: docker
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }
phases: { measure: 4s }
replicates: 1
variants: [{ name: only }]
`;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

function start(env: Readonly<Record<string, string>> = {}): Started {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return place.start(["run", place.write("s.yaml", LONG)], { prefix: ["env", ...assignments] });
}

/** The network namespace of a container's first process. */
function namespaceOf(container: string): string {
  const pid = docker("inspect", "--format", "{{.State.Pid}}", container);
  return readlinkSync(`/proc/${pid}/ns/net`);
}

describe("what is killed in the middle of a trial", () => {
  skipWithoutEngine();

  it("may be the target's container: the trial is invalid, and says how it ended", async () => {
    const started = start();
    await started.shows("measure");
    const [name = ""] = listContainers();
    const namespaces = namespacesHeldBy(started.child.pid ?? 0);
    expect(namespaces).toContain(namespaceOf(name));
    docker("kill", name);
    const { code, stdout, stderr } = await started.ended;
    expect(code).toBe(4);
    expect(stderr + stdout).toMatch(/invalid/);
    const shown = await place.run(["show", "last"]);
    expect(shown.stdout).toMatch(/the container of churnlab-target ended with status 137/);
    expect(listContainers()).toEqual([]);
    await expect.poll(() => namespaces.filter(isSomebodysNamespace)).toEqual([]);
  });

  it("may be the engine: the trial is invalid, and clean finds what the engine has kept", async () => {
    await using engine = await PrivateEngine.start();
    const archive = `${engine.folder}/image.tar`;
    docker("save", "--output", archive, "churnlab-target");
    engine.run("load", "--input", archive);
    const env = { DOCKER_HOST: engine.host };
    const started = start(env);
    await started.shows("measure");
    await engine.crash();
    const { code } = await started.ended;
    expect(code).toBe(4);
    const shown = await place.run(["show", "last"]);
    expect(shown.stdout).toMatch(/container engine went away/);
    expect(shown.stdout).toMatch(/W_NOT_RESTORED[^]*churnlab clean/);

    await engine.start();
    expect(engine.run("ps", "--all", "--quiet")).not.toBe("");
    const cleaned = await place.run(["clean"], { prefix: ["env", `DOCKER_HOST=${engine.host}`] });
    expect(cleaned.stderr).toContain("removed container churnlab-");
    expect(engine.run("ps", "--all", "--quiet")).toBe("");
    expect(engine.run("volume", "ls", "--quiet")).toBe("");
  });

  it("is nothing when the engine's disk is full: the run says so, and what to do", async () => {
    await using engine = await PrivateEngine.start({ disk: "24m" });
    writeFileSync(`${engine.folder}/file`, "");
    execFileSync("tar", ["-C", engine.folder, "-cf", `${engine.folder}/in.tar`, "file"]);
    engine.run(
      "import",
      "--change",
      'CMD ["/no-program"]',
      `${engine.folder}/in.tar`,
      "churnlab-target",
    );
    execFileSync("sh", ["-c", `cat /dev/zero >${engine.data}/fill || true`], { stdio: "ignore" });
    const { code, stdout, stderr } = await start({ DOCKER_HOST: engine.host }).ended;
    expect(stderr + stdout).toMatch(/no space left on device[^]*docker system df/);
    expect(code).toBe(4);
  });
});
