import path from "node:path";
import type { GateDocument } from "@churnlab/report";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { wasLate } from "../machine-doubts.ts";
import { readDocument } from "./read-document.ts";

const TRIES_MAX = 3;
const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

/** 250 connections from 100 ports, which are gone before the second half. */
const EXHAUSTED = `
version: 1
name: exhausted
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 250/s } }
phases: { measure: 1s }
sysctls: { client: { net.ipv4.tcp_tw_reuse: 0, net.ipv4.ip_local_port_range: "40000 40099" } }
replicates: 1
gates:
  - { metric: client.connections.rate, against: model }
  - { metric: client.time_wait.plateau, against: model }
  - { metric: client.connections.failed, against: model, within: 0% }
`;

/** Nobody waits for the answers, which the port model cannot know. */
const IMPATIENT = EXHAUSTED.replace(
  "phases:",
  "target: { server: builtin, delay: 300ms }\nphases:",
).replace("250/s } }", "250/s }, timeouts: { connect: 2s, response: 50ms } }");

/** Again, a few times, where the machine was too busy for the trial to count. */
async function run(name: string, text: string, ...more: string[]): Promise<Ended> {
  for (let tries = 1; ; tries++) {
    const file = place.write(`${name}.yaml`, text);
    const ended = await place.run(["run", file, "--db", `${name}.db`, ...more]);
    if (tries === TRIES_MAX || !wasLate(path.join(place.folder, `${name}.db`))) return ended;
  }
}

async function judge(name: string): Promise<Ended & { readonly gates: GateDocument["gates"] }> {
  const ended = await place.run(["gate", "last", "--db", `${name}.db`, "--json"]);
  return { ...ended, gates: readDocument("gate", ended.stdout).gates };
}

describe("a run that does what the port model predicts", () => {
  it("passes run --gate-model and gates against: model, of rate, plateau and failures", async () => {
    const { code, stdout, stderr } = await run("kept", EXHAUSTED, "--gate-model");
    expect(stderr).toMatch(/^port model: (\d+) of \1 predictions hold$/m);
    expect(stdout).toContain("as the port model predicts ± 3 %");
    const judged = await judge("kept");
    expect(judged.gates.map(({ outcome }) => outcome)).toEqual(["pass", "pass", "pass"]);
    const [rate, plateau, failed] = judged.gates.map(({ reason }) => reason);
    expect(rate).toMatch(/^(99|100)(\.\d+)?, predicted 100 \(within 3 % in 1 trial\)$/);
    expect(plateau).toBe("100, predicted 100 (within 5 % in 1 trial)");
    expect(failed).toBe("150, predicted 150 (within 0 % in 1 trial)");
    expect([code, judged.code]).toEqual([0, 0]);
  });
});

describe("a run that contradicts the port model", () => {
  it("fails run --gate-model with 99, and nothing without the flag or a gate", async () => {
    const ran = await run("broken", IMPATIENT.replace(/gates:.*/s, ""), "--gate-model");
    expect(ran.stderr).toMatch(/✗ disagrees .*client\.connections\.succeeded .* outside 3 %/);
    expect([ran.code, (await judge("broken")).code]).toEqual([99, 0]);
  });

  it("fails a gate against: model", async () => {
    const ran = await run("gated", IMPATIENT);
    const { gates, code } = await judge("gated");
    expect(gates[0]).toMatchObject({ outcome: "fail", evidence: { kind: "model", violations: 1 } });
    expect([ran.code, code]).toEqual([99, 99]);
  });
});

describe("a run of which the port model says nothing", () => {
  it("has not passed a gate against it", async () => {
    await run("chance", EXHAUSTED.replace("rate: 250/s", "rate: 250/s, shape: poisson"));
    const { gates, code } = await judge("chance");
    expect(gates[0]).toMatchObject({
      outcome: "invalid",
      evidence: { kind: "none", cause: "not-predicted" },
    });
    expect(code).toBe(4);
  });
});
