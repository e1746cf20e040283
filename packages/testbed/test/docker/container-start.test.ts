import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Container } from "../../src/docker/container.ts";
import { removeLate } from "../../src/docker/remove-container.ts";
import { FakeEngine } from "../fixtures/fake-engine.ts";

const OPTIONS = { image: "some", command: null, env: {}, sysctls: {}, pull: false };
const GO = new AbortController().signal;
const REASON = new Error("nobody waits any more");

it("a container that could not be created says why, and is removed in case it was", async () => {
  using engine = new FakeEngine(`
case $1 in
create) echo "Error response from daemon: the first reason" >&2; exit 1 ;;
rm) echo "Error response from daemon: the second reason" >&2; exit 1 ;;
esac`);
  await expect(Container.start(engine.cli, OPTIONS, GO)).rejects.toThrow("the first reason");
  expect(verbsOf(engine)).toEqual(["create", "rm"]);
  expect(engine.cli.late.size).toBe(1); // the engine has not said that it is gone
});

describe("a start that is given up", () => {
  it("does not wait for the engine to create, and removes what appears afterwards", async () => {
    // The engine goes on after its command was killed: the container is there at the third look.
    using engine = new FakeEngine(`
case $1 in
create) touch "$folder/begun"; exec sleep 30 ;;
rm) if [ "$(grep -c '^rm ' "$folder/calls")" -ge 3 ]; then echo "$4"; fi ;;
esac`);
    const beganAtMs = performance.now();
    await expect(startUntil(engine, "begun")).rejects.toBe(REASON);
    expect(performance.now() - beganAtMs).toBeLessThan(15_000);
    expect(verbsOf(engine)).toEqual(["create", "rm", "rm", "rm"]);
    expect(engine.cli.late.size).toBe(0);
  });

  it("seeks again later what did not appear in time, by its name", async () => {
    using engine = new FakeEngine(`
case $1 in
create) touch "$folder/begun"; exec sleep 30 ;;
rm) if [ -e "$folder/appeared" ]; then echo "$4"; else echo "Error: No such container: $4" >&2; exit 1; fi ;;
esac`);
    await expect(startUntil(engine, "begun")).rejects.toBe(REASON);
    const name = /--name (\S+)/.exec(engine.calls[0] ?? "")?.[1] ?? "";
    expect([...engine.cli.late.keys()]).toEqual([name]);
    await removeLate(engine.cli);
    expect([...engine.cli.late.keys()]).toEqual([name]);
    engine.write("appeared", "");
    await removeLate(engine.cli);
    expect(engine.cli.late.size).toBe(0);
    expect(engine.calls.at(-1)).toBe(`rm --force --volumes ${name}`);
  });

  it("removes one that was created and does not run yet, and lets go of its output", async () => {
    using engine = new FakeEngine(`
case $1 in
create) echo id ;;
start) echo $$ >"$folder/pid"; touch "$folder/begun"; exec sleep 30 ;;
inspect) echo 0 ;;
rm) echo "$4" ;;
esac`);
    await expect(startUntil(engine, "begun")).rejects.toBe(REASON);
    expect(verbsOf(engine).filter((verb) => verb === "rm")).toHaveLength(1);
    const pid = Number(readFileSync(`${engine.folder}/pid`, "utf8"));
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  });

  it("asks the engine for nothing when it is over before it begins", async () => {
    using engine = new FakeEngine("");
    await expect(Container.start(engine.cli, OPTIONS, AbortSignal.abort(REASON))).rejects.toBe(
      REASON,
    );
    expect(existsSync(`${engine.folder}/calls`)).toBe(false);
  });
});

/** Starts, and gives up once the engine has written that file. */
async function startUntil(engine: FakeEngine, file: string): Promise<Container> {
  const over = new AbortController();
  const started = Container.start(engine.cli, OPTIONS, over.signal);
  started.catch(() => {});
  for (let i = 0; i < 500 && !existsSync(`${engine.folder}/${file}`); i++) await sleep(10);
  over.abort(REASON);
  return started;
}

function verbsOf(engine: FakeEngine): (string | undefined)[] {
  return engine.calls.map((call) => call.split(" ")[0]);
}
