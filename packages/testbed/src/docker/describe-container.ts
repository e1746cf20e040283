import { ChurnError, type TrialSpec } from "@churnlab/core";
import type { AddressPlan } from "../address-plan.ts";
import { describePlace, fillPlaceholders } from "../command/fill-placeholders.ts";
import { UPSTREAM_PORT } from "../netns-servers.ts";
import type { ContainerOptions } from "./container.ts";

/** The image of churnlab's own servers; the stage `target` of its Dockerfile. */
const OWN_IMAGE: string = process.env["CHURNLAB_TARGET_IMAGE"] ?? "churnlab-target";

export interface TargetContainer extends Omit<ContainerOptions, "sysctls"> {
  readonly port: number;
}

/** The container that a scenario asks for. Throws `E_TESTBED` for what cannot be in one. */
export function describeContainer(spec: TrialSpec, addresses: AddressPlan): TargetContainer {
  const { target, topology, workload } = spec;
  if ("server" in target) {
    if (topology === "gateway") {
      throw new ChurnError("E_TESTBED", "The built-in gateway does not run in a container.", {
        hint: "Use testbed: netns, or an image of your own as the gateway.",
      });
    }
    const { port, backlog, delayMs, misbehaviour } = target;
    // Its address comes with the cable, after it has started.
    const job = { host: "0.0.0.0", port, backlog, delayMs, misbehaviour, workload };
    const server = target.server === "fastify" ? "fastify" : target.engine;
    const env = { CHURNLAB_TARGET: JSON.stringify({ server, job }) };
    return { image: OWN_IMAGE, command: null, env, port };
  }
  if (!("image" in target)) {
    throw new ChurnError("E_TESTBED", "The docker testbed runs images.", {
      hint: "Name the image of the command: target: { image: …, command: […] }.",
    });
  }
  const { image, command, port } = target;
  const upstream = topology === "gateway" ? `${addresses.upstream}:${UPSTREAM_PORT}` : null;
  const place = { host: "0.0.0.0", port, dir: "/tmp", upstream };
  return {
    image,
    port,
    command: command === null ? null : fillPlaceholders(command, place),
    env: { ...describePlace(place), ...target.env },
  };
}
