import { ChurnError, type TrialSpec } from "@churnlab/core";
import type { AddressPlan } from "../address-plan.ts";
import { describePlace, fillPlaceholders } from "../command/fill-placeholders.ts";
import { UPSTREAM_PORT } from "../count-towards-upstream.ts";
import type { ContainerOptions } from "./container.ts";
import { OWN_IMAGE } from "./own-image.ts";

export interface ContainerDescription extends Pick<ContainerOptions, "image" | "command" | "env"> {
  readonly port: number;
  /** Whether churnlab's own server is in it. */
  readonly isOurs: boolean;
}

type UpstreamPlan = Pick<AddressPlan, "upstream">;

/**
 * The container that a scenario asks for. Nothing of the host is in it: no folder, no device, no privilege, and of the
 * environment only what is said here. Throws `E_TESTBED` for what cannot be in one.
 */
export function describeContainer(spec: TrialSpec, addresses: UpstreamPlan): ContainerDescription {
  const { target, topology } = spec;
  if ("server" in target) return describeOwn(spec, target, addresses);
  if (!("image" in target)) {
    throw new ChurnError("E_TESTBED", "The docker testbed runs images", {
      hint: "Name the image of the command: target: { image: …, command: […] }.",
    });
  }
  const { image, command, port } = target;
  requireReference(image);
  const upstream = topology === "gateway" ? `${addresses.upstream}:${UPSTREAM_PORT}` : null;
  const place = { host: "0.0.0.0", port, dir: "/tmp", upstream };
  return {
    image,
    port,
    command: command === null ? null : fillPlaceholders(command, place),
    env: { ...describePlace(place), ...target.env },
    isOurs: false,
  };
}

function describeOwn(
  { workload, upstream }: TrialSpec,
  target: Extract<TrialSpec["target"], { server: string }>,
  addresses: UpstreamPlan,
): ContainerDescription {
  const { port, backlog, delayMs, misbehaviour } = target;
  // Its address comes with the cable, after it has started.
  const job = { host: "0.0.0.0", port, backlog, delayMs, misbehaviour, workload };
  const order =
    upstream === undefined
      ? { server: target.server === "fastify" ? "fastify" : target.engine, job }
      : {
          server: "gateway",
          job: { ...job, upstream: { ...upstream, host: addresses.upstream, port: UPSTREAM_PORT } },
        };
  const env = { CHURNLAB_TARGET: JSON.stringify(order) };
  return { image: OWN_IMAGE, command: null, env, port, isOurs: true };
}

/** The engine's command line would take a word that begins with a dash for one of its options. */
function requireReference(image: string): void {
  if (/^[A-Za-z0-9]/.test(image)) return;
  throw new ChurnError("E_TESTBED", `${JSON.stringify(image)} is no name of an image`, {
    hint: "A name is like nginx:1.28, or registry.example:5000/team/nginx:1.28.",
  });
}
