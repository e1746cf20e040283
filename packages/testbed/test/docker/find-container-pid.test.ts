import { afterEach, describe, expect, it, vi } from "vitest";
import { DockerCli } from "../../src/docker/docker-cli.ts";
import { findContainerPid } from "../../src/docker/find-container-pid.ts";
import { FakeEngine } from "../fixtures/fake-engine.ts";

const KNOWS_NONE = 'echo "Error response from daemon: No such container: web" >&2; exit 1';
/** nerdctl, for one who may not open the socket of containerd. */
const MAY_NOT_ASK = 'echo "level=fatal msg=cannot access containerd socket" >&2; exit 1';
const HAS_STOPPED = "echo 0";
const IS_DEAD = 'echo "Cannot connect to the Docker daemon at unix:///x" >&2; exit 1';

async function find(engines: readonly FakeEngine[]): Promise<number> {
  return findContainerPid(
    "web",
    engines.map(({ cli }) => cli),
  );
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the first process of a container", () => {
  it("is told by the engine that runs it, whatever those before it say", async () => {
    using dead = new FakeEngine(IS_DEAD);
    using stranger = new FakeEngine(KNOWS_NONE);
    using engine = new FakeEngine("echo 4711");
    using later = new FakeEngine("echo 4712");
    expect(await find([dead, stranger, engine, later])).toBe(4711);
    expect(engine.calls).toEqual(["inspect --type container --format {{.State.Pid}} -- web"]);
  });

  it("is not found where no engine runs it, each with what it says", async () => {
    using stranger = new FakeEngine(KNOWS_NONE, "podman");
    using stopped = new FakeEngine(HAS_STOPPED);
    await expect(find([stranger, stopped])).rejects.toMatchObject({
      code: "E_NAMESPACE",
      message: expect.stringMatching(
        /^No running container is named web \(.*podman: no such container; .*docker: it is not running\)$/,
      ),
      hint: expect.stringMatching(/podman ps` shows what runs; or say --pid/),
    });
  });

  it.each([
    ["docker without a daemon", IS_DEAD, "Cannot connect"],
    ["nerdctl without its socket", MAY_NOT_ASK, "cannot access containerd socket"],
  ])("is not denied while an engine could not be asked: %s", async (_, script, said) => {
    using stranger = new FakeEngine(KNOWS_NONE);
    using dead = new FakeEngine(script);
    await expect(find([stranger, dead])).rejects.toMatchObject({
      code: "E_CONTAINER_ENGINE",
      message: expect.stringContaining(said),
      hint: expect.any(String),
    });
  });

  it("asks for a process id where there is no engine", async () => {
    await expect(find([])).rejects.toMatchObject({
      code: "E_TOOL_MISSING",
      hint: expect.stringContaining("--pid"),
    });
  });
});

describe("the engines that are asked", () => {
  it("are all that are installed, nerdctl too", () => {
    using podman = new FakeEngine("exit 1", "podman");
    using nerdctl = new FakeEngine("exit 1", "nerdctl");
    vi.stubEnv("CHURNLAB_CONTAINER_ENGINE", "");
    vi.stubEnv("PATH", `${nerdctl.folder}:${podman.folder}`);
    const programs = DockerCli.listInstalled().map(({ program }) => program);
    expect(programs).toEqual(["podman", "nerdctl"]);
    expect(new DockerCli().program).toBe("podman");
  });

  it("are only the one that is named", () => {
    using podman = new FakeEngine("exit 1", "podman");
    vi.stubEnv("PATH", podman.folder);
    vi.stubEnv("CHURNLAB_CONTAINER_ENGINE", "/opt/engine");
    expect(DockerCli.listInstalled().map(({ program }) => program)).toEqual(["/opt/engine"]);
  });
});
