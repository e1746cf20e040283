import { COUNTS_LINE, type ServerCounts } from "@churnlab/traffic";
import { describe, expect, it } from "vitest";
import { LogTail } from "../../src/command/log-tail.ts";
import { ContainerTarget } from "../../src/docker/container-target.ts";

/** A target whose server answers so when it is asked for its counts, the last answer again and again. */
function targetOf(
  answers: readonly (ServerCounts | null)[],
  { isOurs = true, isGateway = true } = {},
): ContainerTarget {
  let asked = 0;
  return new ContainerTarget({
    container: {
      ended: () => null,
      log: new LogTail(),
      ask: async () => {
        const counts = answers[Math.min(asked++, answers.length - 1)] ?? null;
        return counts === null ? null : COUNTS_LINE + JSON.stringify(counts);
      },
    },
    address: { host: "198.18.0.1", port: 8080, path: "/", tls: false },
    isOurs,
    isGateway,
    use: async () => ({ cpuUs: 1000, accepted: 10 }),
    countTowardsUpstream: () => 0,
  });
}

const counts = (requests: number, failed: number, notAccepted = 0): ServerCounts => ({
  requests,
  acceptFailures: notAccepted === 0 ? {} : { "accept_failures.EMFILE": notAccepted },
  gateway: { "failures.EADDRNOTAVAIL": failed },
});

async function measure(target: ContainerTarget): Promise<Record<string, number>> {
  await target.markMeasure();
  const measured = await target.measure();
  return Object.fromEntries(measured.map(({ metric, value }) => [metric, value]));
}

describe("what a gateway in a container says of itself", () => {
  it("is its growth in the measure phase", async () => {
    const target = targetOf([counts(5, 7), counts(20, 19)]);
    expect(await measure(target)).toEqual({
      "cpu.us_per_connection": 100,
      "cpu.us_per_request": 50,
      "failures.EADDRNOTAVAIL": 12,
    });
    expect(target.conclude()).toEqual([]);
  });

  it("is absent, with a warning, where it was silent when the measure phase began: never the warm-up too", async () => {
    const target = targetOf([null, counts(20, 19)]);
    expect(await measure(target)).not.toHaveProperty("failures.EADDRNOTAVAIL");
    expect(target.conclude()).toMatchObject([
      {
        code: "W_TARGET_UNCOUNTED",
        message: expect.stringMatching(/measure phase began.*warm-up/),
      },
    ]);
  });

  it("is absent, with a warning, where it is silent at the end: never no failures", async () => {
    const target = targetOf([counts(5, 7), null]);
    expect(await measure(target)).toEqual({ "cpu.us_per_connection": 100 });
    expect(target.conclude()).toMatchObject([
      { code: "W_TARGET_UNCOUNTED", message: expect.stringMatching(/after the load/) },
    ]);
  });
});

describe("a server in a container", () => {
  it.each([
    ["when the measure phase began", [null, counts(20, 0, 9)]],
    ["after the load", [counts(5, 0, 2), null]],
  ])(
    "that is no gateway and was silent %s has failed to accept nobody knows how many: never none",
    async (when, answers) => {
      const target = targetOf(answers, { isGateway: false });
      const names = Object.keys(await measure(target));
      expect(names.filter((name) => name.startsWith("accept_failures"))).toEqual([]);
      expect(target.conclude()).toEqual([
        {
          code: "W_TARGET_UNCOUNTED",
          message: expect.stringMatching(`${when}: .*what it could not accept.* absent`),
        },
      ]);
    },
  );

  it("tells of its requests by the end of its counts alone", async () => {
    const target = targetOf([null, counts(20, 0)], { isGateway: false });
    expect(await measure(target)).toMatchObject({ "cpu.us_per_request": 50 });
  });

  it("that is not churnlab's is not asked, and not doubted for that", async () => {
    const target = targetOf([null], { isOurs: false });
    expect(await measure(target)).toEqual({ "cpu.us_per_connection": 100 });
    expect(target.conclude()).toEqual([]);
  });
});

describe("what a server in a container could not accept", () => {
  it("is counted in the measure phase, and doubted with what helps", async () => {
    const target = targetOf([counts(5, 0, 2), counts(20, 0, 9)], { isGateway: false });
    expect(await measure(target)).toMatchObject({ "accept_failures.EMFILE": 7 });
    expect(target.conclude()).toMatchObject([
      { code: "W_TARGET_DESCRIPTORS", message: expect.stringMatching(/EMFILE.*ulimit -n/) },
    ]);
  });

  it("is no doubt where it did not grow", async () => {
    const target = targetOf([counts(5, 0, 2), counts(20, 0, 2)], { isGateway: false });
    expect(await measure(target)).toMatchObject({ "accept_failures.EMFILE": 0 });
    expect(target.conclude()).toEqual([]);
  });
});
