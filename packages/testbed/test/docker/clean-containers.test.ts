import { describeProcess } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { cleanContainers } from "../../src/docker/clean-containers.ts";
import { DockerCli } from "../../src/docker/docker-cli.ts";
import { FakeEngine } from "../fixtures/fake-engine.ts";

/** Lists what the file `ps` holds; removes by name, but what the file `refused` names. */
const ENGINE = `
case $1 in
ps) cat "$folder/ps" ;;
rm) for name; do :; done
  if grep -qx "$name" "$folder/refused"; then echo "driver failed to remove $name" >&2; exit 1; fi
  sed -i "/^$name /d" "$folder/ps" ;;
*) exit 64 ;;
esac`;

function engineWith(containers: readonly string[], refused = ""): FakeEngine {
  const engine = new FakeEngine(ENGINE);
  engine.write("ps", containers.map((line) => `${line}\n`).join(""));
  engine.write("refused", refused);
  return engine;
}

const dead = describeProcess().replace(/\d+$/, "1");

describe("clean", () => {
  it("removes what is of the dead, and leaves what is of the living", async () => {
    using engine = engineWith([`one ${dead}`, `mine ${describeProcess()}`, `two ${dead}`]);
    expect(await cleanContainers([], engine.cli)).toEqual({
      removed: ["one", "two"],
      kept: [],
      unseen: [],
    });
    expect(engine.calls.filter((call) => call.includes("mine"))).toEqual([]);
  });

  it("leaves what is of a harness in another process namespace, with whatever process id", async () => {
    const [bootId, , pid] = describeProcess().split("/");
    const elsewhere = [bootId, "pid:[1]", pid, "1"].join("/");
    using engine = engineWith([`inner ${elsewhere}`]);
    expect(await cleanContainers([], engine.cli)).toEqual({
      removed: [],
      kept: [],
      unseen: [{ name: "inner", owner: "other-namespace" }],
    });
    expect(engine.calls).toHaveLength(1);
  });

  it("leaves what is of another boot, which may be that of another machine, unless it is named", async () => {
    const [, ...rest] = describeProcess().split("/");
    const elsewhere = ["another-boot", ...rest].join("/");
    using engine = engineWith([`old ${elsewhere}`, `other ${elsewhere}`]);
    expect(await cleanContainers(["old"], engine.cli)).toEqual({
      removed: ["old"],
      kept: [],
      unseen: [{ name: "other", owner: "other-boot" }],
    });
    expect(engine.calls.filter((call) => call.startsWith("rm"))).toHaveLength(1);
  });

  it.each([
    ["is not churnlab's", "theirs", "no container of churnlab"],
    ["is of a living run", "mine", "a run that goes on"],
  ])("removes nothing at all when a named one %s", async (_, name, says) => {
    using engine = engineWith([`one ${dead}`, `mine ${describeProcess()}`]);
    await expect(cleanContainers([name], engine.cli)).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(says),
    });
    expect(engine.calls.filter((call) => call.startsWith("rm"))).toEqual([]);
  });

  it("names what the engine keeps, with its reason, and goes on with the others", async () => {
    using engine = engineWith([`stuck ${dead}`, `two ${dead}`], "stuck\n");
    const { removed, kept } = await cleanContainers([], engine.cli);
    expect(removed).toEqual(["two"]);
    expect(kept).toMatchObject([
      { name: "stuck", error: { message: expect.stringContaining("driver failed to remove") } },
    ]);
  });

  it("is not upset by one that vanishes under its hands", async () => {
    using engine = new FakeEngine(`
case $1 in
ps) if [ -e "$folder/asked" ]; then echo; else echo "gone ${dead}"; touch "$folder/asked"; fi ;;
rm) echo "Error response from daemon: removal of container gone is already in progress" >&2; exit 1 ;;
esac`);
    expect(await cleanContainers([], engine.cli)).toEqual({ removed: [], kept: [], unseen: [] });
  });

  it("finds nothing where no engine is installed", async () => {
    const absent = new DockerCli("no-such-engine");
    expect(await cleanContainers([], absent)).toEqual({ removed: [], kept: [], unseen: [] });
  });

  it.each([
    ["is dead", "Cannot connect to the Docker daemon at unix:///x", "E_CONTAINER_ENGINE"],
    [
      "is not ours to use",
      "permission denied while trying to connect to the docker API socket",
      "E_CAPABILITY",
    ],
  ])("never says that nothing is left when the engine %s", async (_, says, code) => {
    using engine = new FakeEngine(`echo "${says}" >&2; exit 1`);
    await expect(cleanContainers([], engine.cli)).rejects.toMatchObject({ code });
  });
});
