import type { ContainerAbility } from "@churnlab/testbed";
import { expect, test } from "vitest";
import { ContainerProbe } from "../../src/agent/container-probe.ts";

const NONE: ContainerAbility = { lack: "no container engine: docker is not installed" };
const DOCKER: ContainerAbility = { engine: "docker 28.5.1" };

/** An engine that is there or not, and how often it was looked for. */
function anEngine() {
  const engine = { answer: async (): Promise<ContainerAbility> => NONE, looks: 0, atMs: 0 };
  const probe = (): Promise<ContainerAbility> => {
    engine.looks += 1;
    return engine.answer();
  };
  return { engine, open: () => ContainerProbe.open(probe, () => engine.atMs) };
}

test("an engine that comes after the agent's start is seen, and one that goes is missed, each within seconds", async () => {
  const { engine, open } = anEngine();
  const probe = await open();
  engine.answer = async () => DOCKER;
  expect(await probe.look()).toEqual(NONE);
  expect(engine.looks).toBe(1);
  engine.atMs = 5000;
  expect(await Promise.all([probe.look(), probe.look()])).toEqual([DOCKER, DOCKER]);
  expect(engine.looks).toBe(2);
  engine.answer = async () => NONE;
  engine.atMs = 10_000;
  expect(await probe.look()).toEqual(NONE);
});

test("an engine that does not answer is not waited for: what was known is said, and what it answers in the end is", async () => {
  const { engine, open } = anEngine();
  const probe = await open();
  const late = Promise.withResolvers<ContainerAbility>();
  engine.answer = () => late.promise;
  engine.atMs = 5000;
  expect(await probe.look()).toEqual(NONE);
  late.resolve(DOCKER);
  await late.promise;
  expect(await probe.look()).toEqual(DOCKER);
  expect(engine.looks).toBe(2);
});
