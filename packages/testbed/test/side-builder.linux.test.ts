import { parseScenario, planTrials, type Trial } from "@churnlab/core";
import { createNetworkNamespace } from "@churnlab/linux";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SideBuilder, type SideNetwork } from "../src/side-builder.ts";

const SCENARIO = `
version: 1
name: side
testbed: docker
workload: { kind: short-lived, arrival: { rate: 10/s } }
`;
const { spec } = planTrials(parseScenario(SCENARIO, "side.yaml")).trials[0] as Trial;
const GO = new AbortController().signal;

/** Builds the target's side of a trial in a container, where no engine is needed to see that it cannot be. */
async function build(kind: SideNetwork["kind"]): Promise<unknown> {
  // Would an engine be asked, there is none of that name.
  vi.stubEnv("CHURNLAB_CONTAINER_ENGINE", "no-such-engine");
  using namespace = createNetworkNamespace();
  const network: SideNetwork =
    kind === "given" ? { kind, namespace } : { kind, namespace, device: "br0" };
  await using builder = new SideBuilder({ network, addresses: ["198.18.1.1"] });
  return await builder.buildTarget({ spec, addresses: ["198.18.1.1"], peers: ["198.18.2.1"] }, GO);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("several sources on this machine's side", () => {
  it("are refused in one namespace that is there, where each would be counted with the others", async () => {
    using namespace = createNetworkNamespace();
    const addresses = ["198.18.1.1", "198.18.1.2"];
    const network: SideNetwork = { kind: "given", namespace };
    await using builder = new SideBuilder({ network, addresses });
    const load = { name: "one", workers: 2 };
    await expect(
      builder.buildLoad({ spec, addresses, peers: ["198.18.2.1"] }, load),
    ).rejects.toMatchObject({ code: "E_TESTBED", hint: expect.stringContaining("--bridge") });
  });
});

describe("a target's container on this machine's side", () => {
  it("is refused in a network that is there, before an engine is asked", async () => {
    await expect(build("given")).rejects.toMatchObject({
      code: "E_TESTBED",
      hint: expect.stringContaining("--bridge"),
    });
  });

  it("is refused where containers cannot be entered from outside, before an engine is asked", async () => {
    vi.stubEnv("CHURNLAB_CONTAINER_VIEW", "inside");
    await expect(build("bridge")).rejects.toMatchObject({
      code: "E_CAPABILITY",
      message: expect.stringContaining("CHURNLAB_CONTAINER_VIEW=inside"),
      hint: expect.stringContaining("in no container"),
    });
  });

  it("is refused where there is no engine, by its name", async () => {
    await expect(build("bridge")).rejects.toMatchObject({
      code: "E_TOOL_MISSING",
      message: "no-such-engine is not installed",
    });
  });
});
