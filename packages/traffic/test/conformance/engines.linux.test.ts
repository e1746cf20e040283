import { afterAll, describe, expect, test } from "vitest";
import { ENGINES } from "../../src/engines.ts";
import { aWorkload } from "../fixtures/a-workload.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const engines = await Promise.all(ENGINES.map((entry) => entry.load()));

for (const engine of engines) {
  const refusalOf = ({ workload }: Scenario): string | null =>
    engine.refuses(aWorkload(workload), targetAddress(8080));
  const probe = engine.probe();

  describe.skipIf(!probe.works)(`the ${engine.name} engine`, () => {
    const offered = scenarios.filter((scenario) => refusalOf(scenario) === null);
    test.each(offered)("$behaviour", async ({ workload, world: hosts, options, check }) => {
      using world = lab.open(hosts);
      const report = await world.run(aWorkload({ ...workload, engine: engine.name }), options);
      expect(report.engine).toBe(engine.name);
      await check(report, world);
    });

    const refused = scenarios
      .map((scenario) => ({ ...scenario, refusal: refusalOf(scenario) }))
      .filter(({ refusal }) => refusal !== null);
    test.runIf(refused.length > 0).each(refused)(
      "is not armed for: $behaviour",
      async (scenario) => {
        using world = lab.open(scenario.world);
        const workload = aWorkload({ ...scenario.workload, engine: engine.name });
        const arming = world.arm(workload, targetAddress(8080), {
          workers: scenario.options?.workers ?? 1,
        });
        await expect(arming).rejects.toMatchObject({
          code: "E_ENGINE",
          message: expect.stringContaining(scenario.refusal as string) as string,
        });
      },
    );
  });
}
