import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanContainers, DockerTestbed } from "@churnlab/testbed";
import { afterAll, describe, expect, it } from "vitest";
import { Workplace } from "../cli/churnlab.ts";
import { expectRan } from "../machine-doubts.ts";
import { runVariants } from "../run-variants.ts";
import {
  describeExhaustion,
  EXHAUSTION,
  gatewayExhaustion,
} from "../testbed/gateway-exhaustion.ts";
import { countsOf, HASTE, hastened, conformance as scenario, verdictsOf } from "./conformance.ts";
import { docker, listContainers } from "./engine.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

/** A server of one line in an image that has nothing but Node. */
const inNode = (code: string): string =>
  `target: { image: churnlab-base, port: 8080, command: [node, -e, '${code}'] }`;
const SERVE = `require("node:http").createServer((_, a) => a.end("ok")).listen(8080)`;
const LOAD =
  "workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 100/s } }";

describe("a target in a container", () => {
  skipWithoutEngine();
  const testbed = new DockerTestbed();
  afterAll(() => testbed.close());

  const runDocker = async (yaml: string) => runVariants(`testbed: docker\n${yaml}`, testbed);

  it.each(Object.keys(HASTE) as (keyof typeof HASTE)[])(
    "gives the verdicts and exact counts of namespaces to the shipped %s, whose gates hold",
    async (name) => {
      const text = hastened(name);
      const inNamespaces = await runVariants(text);
      const inContainer = await runDocker(text);
      expect(countsOf(inContainer)).toEqual(countsOf(inNamespaces));
      const verdicts = verdictsOf(text, inContainer);
      expect(verdicts.length).toBeGreaterThan(3);
      expect(verdicts.filter((verdict) => !verdict.endsWith(": pass"))).toEqual([]);
      expect(verdicts).toEqual(verdictsOf(text, inNamespaces));
      expect(listContainers()).toEqual([]);
    },
  );

  it("has its sysctls from the engine, before it listens", async () => {
    const { only } = await runDocker(
      scenario(
        `${LOAD}\nsysctls: { target: { net.core.somaxconn: 77 } }\nvariants: [{ name: only }]`,
      ),
    );
    expect(only?.outcome.record.sysctls).toEqual([
      { role: "target", name: "net.core.somaxconn", was: "4096", requested: "77", effective: "77" },
    ]);
    expect(only?.outcome.record.environment?.facts["target.sysctls"]).toBe("engine");
    const limits = only?.outcome.record.samples.filter(
      ({ metric, role }) => metric === "accept_queue.limit" && role === "target",
    );
    expect(limits?.length).toBeGreaterThan(0);
    expect(limits?.every(({ value }) => value === 77)).toBe(true);
  });

  it("may be any image, whose log and CPU time are kept", async () => {
    const code = `console.log("ready"); ${SERVE}`;
    const { only } = await runDocker(
      scenario(`${LOAD}\n${inNode(code)}\nvariants: [{ name: only }]`),
    );
    expect(only?.of("client", "connections.succeeded")).toBe(100);
    expect(only?.of("target", "cpu.us_per_connection")).toBeGreaterThan(0);
    expect(only?.outcome.record.events).toContainEqual(
      expect.objectContaining({ kind: "target.log", detail: { log: "ready\n" } }),
    );
  });

  it.each([
    ["target: { image: churnlab-absent }", /No such image.*churnlab-absent.*--pull/is],
    [inNode(`console.log("no way"); process.exit(3)`), /ended with status 3.*no way/s],
    [`target: { image: churnlab-base, command: [nothing-here] }`, /nothing-here|127/],
  ])("%s is refused with the reason", async (parts, reason) => {
    const text = scenario(`${LOAD}\n${parts}\nvariants: [{ name: only }]`);
    const failed = runDocker(text);
    await expect(failed).rejects.toThrow(reason);
    expect(listContainers()).toEqual([]);
  });

  it("that never listens is refused with the reason", async () => {
    const impatient = new DockerTestbed({ patienceMs: 1000 });
    const silent = inNode(`require("node:net").createServer().listen(9)`);
    const text = scenario(`testbed: docker\n${LOAD}\n${silent}\nvariants: [{ name: only }]`);
    await expect(runVariants(text, impatient)).rejects.toThrow(/does not listen .* after 1 s/);
    await impatient.close();
    expect(listContainers()).toEqual([]);
  });

  it("may be churnlab's gateway, which runs out of ports as it does in a namespace", async () => {
    const workload = "{ kind: keep-alive, arrival: { model: closed, connections: 8, limit: 800 } }";
    const results = await runDocker(gatewayExhaustion(workload));
    expect(describeExhaustion(results)).toEqual(EXHAUSTION);
    const events = results["short-lived"]?.outcome.record.events ?? [];
    const log = events.find(({ kind }) => kind === "target.log")?.detail["log"];
    expect(log).toMatch(/^gateway .* listens on/);
    expect(log).not.toContain("churnlab-counts");
  });

  it("has its own address space: a network of the engine with the same one is no clash", async () => {
    docker("network", "create", "--subnet", "198.18.0.0/15", "churnlab-test-clash");
    try {
      const { only } = await runDocker(scenario(`${LOAD}\nvariants: [{ name: only }]`));
      expect(only?.of("target", "tcp.PassiveOpens")).toBe(100);
    } finally {
      docker("network", "rm", "churnlab-test-clash");
    }
  });

  it("that dies in the middle leaves an invalid trial with its last words", async () => {
    const code = `let left = 20; require("node:http").createServer((_, a) => {
      a.end("ok"); if (--left === 0) { console.log("farewell"); process.exit(9); } }).listen(8080)`;
    const text = scenario(`${LOAD}\n${inNode(code)}\nvariants: [{ name: only }]`);
    await expect(runDocker(text)).rejects.toThrow(/invalid.*W_TARGET_DIED.*status 9/s);
    expect(listContainers()).toEqual([]);
  });

  it("of one run is not seen by another at the same time", async () => {
    const other = new DockerTestbed();
    const text = scenario(`${LOAD}\nvariants: [{ name: only }]`);
    const [one, two] = await Promise.all([
      runDocker(text),
      runVariants(`testbed: docker\n${text}`, other),
    ]);
    for (const result of [one["only"], two["only"]]) {
      expect(result?.of("target", "tcp.PassiveOpens")).toBe(100);
    }
    await other.close();
  });

  it("is not seen by runs of other processes at the same time, in containers or namespaces", async () => {
    using place = new Workplace();
    const runs = ["docker", "docker", "netns"].map(async (kind, i) => {
      const variants = "variants: [{ name: only }]";
      const text = scenario(`testbed: ${kind}\n${LOAD}\n${variants}`).replace("1s", "3s");
      const database = ["--db", `${i}.db`];
      const file = place.write(`${i}.yaml`, text);
      const { code, stderr } = await place.run(["run", file, ...database]);
      const { stdout } = await place.run(["show", "last", "--json", ...database]);
      return {
        code,
        said: stderr,
        file: `${i}.db`,
        measurements: JSON.parse(stdout).run.trials[0].measurements,
      };
    });
    // What is in use is nobody's leftover, whoever looks.
    await sleep(2500);
    const cleaned = await place.run(["clean"]);
    expect(cleaned.stderr).not.toContain("removed container");
    for (const { file, measurements, ...ended } of await Promise.all(runs)) {
      expectRan(ended, path.join(place.folder, file));
      expect(measurements).toMatchObject({
        "client.connections.succeeded": 300,
        "client.tcp.ActiveOpens": 300,
        "client.time_wait.peak": 300,
        "target.tcp.PassiveOpens": 300,
        "target.tcp.ActiveOpens": 0,
      });
    }
    expect(listContainers()).toEqual([]);
  });

  it("of a harness that was killed is removed by clean, and that of a living one is not", async () => {
    using place = new Workplace();
    const file = place.write(
      "long.yaml",
      scenario(`testbed: docker\n${LOAD}\nvariants: [{ name: only }]`).replace("1s", "60s"),
    );
    const started = place.start(["run", file]);
    await started.shows("measure");
    expect(await cleanContainers()).toEqual({ removed: [], kept: [], unseen: [] });
    const [name] = listContainers();
    started.child.kill("SIGKILL");
    await started.ended;
    for (let i = 0; i < 50; i++) {
      if ((await cleanContainers()).removed.includes(name ?? "none")) break;
      await sleep(20);
    }
    expect(listContainers()).toEqual([]);
  });
});
