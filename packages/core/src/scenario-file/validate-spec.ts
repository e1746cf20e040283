import { DEFAULTS } from "./defaults.ts";
import type { FileArrival, FileSpec, FileTarget, FileWorkload } from "./file-spec.ts";
import type { Path } from "./located.ts";

/** Adds a problem at a path of the merged variant. */
export type Report = (path: Path, message: string, suggestion?: string) => void;

/** Checks what no field can know alone: which fields belong together. Sysctls are checked by `validateSysctls`. */
export function validateSpec(spec: FileSpec, report: Report): void {
  if (spec.workload === undefined) {
    report(["workload"], "a scenario needs a workload");
  } else {
    validateWorkload(spec.workload, report);
    validateArrival(spec.workload.arrival, report);
  }
  validateTarget(spec.target ?? {}, report);
  validateUpstream(spec, report);
  validateTestbed(spec, report);
  validateFleet(spec, report);
  validateProtocol(spec, report);
}

function validateWorkload(workload: FileWorkload, report: Report): void {
  const { kind, requestsPerConnection: requests, sources = 1, workers } = workload;
  if (kind === undefined) {
    report(["workload", "kind"], "workload needs a kind: short-lived, keep-alive or hold");
  }
  const at = ["workload", "requestsPerConnection"];
  const [from, to] = typeof requests === "string" ? requests.split("..").map(Number) : [];
  if (from !== undefined && to !== undefined && from > to) {
    report(at, `the range ${requests} has its low end above its high end`, `${to}..${from}`);
  }
  const least = typeof requests === "number" ? requests : to === undefined ? undefined : from;
  if (least === 0 && kind !== "hold") {
    report(at, `${kind ?? "this workload"} needs at least 1 request per connection`);
  }
  if (kind === "short-lived" && requests === "unlimited") {
    report(at, "a short-lived connection ends after its requests; unlimited is for keep-alive");
  }
  if (workers !== undefined && workers < sources) {
    const message = `${workers} workers cannot live in ${sources} sources: each needs one of its own`;
    report(["workload", "workers"], message);
  }
}

/** What a fleet's agents have is said once, in the section of the fleet. */
function validateFleet({ fleet, workload = {}, testbed }: FileSpec, report: Report): void {
  if (fleet === undefined) return;
  const agents = fleet.agents ?? DEFAULTS.fleet.agents;
  const { sources = DEFAULTS.fleet.perAgent.sources, workers } = fleet.perAgent ?? {};
  const all = agents * sources;
  if (workload.sources !== undefined && workload.sources !== all) {
    const message = `${agents} agents of ${sources} sources have ${all} sources, not ${workload.sources}`;
    report(["workload", "sources"], message, String(all));
  }
  if (workload.workers !== undefined) {
    report(["workload", "workers"], "a fleet's workers are said by fleet.perAgent.workers");
  }
  if (workers !== undefined && workers < sources) {
    const message = `${workers} workers cannot live in ${sources} sources: each needs one of its own`;
    report(["fleet", "perAgent", "workers"], message);
  }
  if (testbed === "external") {
    report(["testbed"], "a fleet's target is one of its agents'; external is not for a fleet");
  }
}

function validateArrival(arrival: FileArrival | undefined, report: Report): void {
  const at = ["workload", "arrival"];
  if (arrival === undefined) {
    report(at, "workload needs an arrival, for example { model: open, rate: 400/s }");
    return;
  }
  const model = arrivalModel(arrival);
  if (model === null) {
    report(at, "an arrival has a rate (open) or connections (closed); say which with model");
    return;
  }
  const foreign = model === "open" ? OPEN_ONLY_NOT : CLOSED_ONLY_NOT;
  for (const field of foreign) {
    if (arrival[field] !== undefined) {
      report(
        [...at, field],
        `${field} does not belong to ${model === "open" ? "an open" : "a closed"} arrival`,
      );
    }
  }
  if (model === "closed") {
    if (arrival.connections === undefined) {
      report([...at, "connections"], "a closed arrival needs connections, as in connections: 64");
    }
    return;
  }
  if (arrival.rate === undefined) {
    report([...at, "rate"], "an open arrival needs a rate, as in rate: 400/s");
  }
  validateShape(arrival, report);
}

const OPEN_ONLY_NOT = ["connections"] as const;
const CLOSED_ONLY_NOT = ["rate", "shape", "to", "steps"] as const;

/** The model an arrival says or implies; null when it says too little or contradicts itself. */
export function arrivalModel(arrival: FileArrival): "open" | "closed" | null {
  if (arrival.model !== undefined) return arrival.model;
  const isOpen = arrival.rate !== undefined;
  if (isOpen === (arrival.connections !== undefined)) return null;
  return isOpen ? "open" : "closed";
}

function validateShape({ shape = "constant", to, steps }: FileArrival, report: Report): void {
  const at = ["workload", "arrival"];
  const hasEnd = shape === "ramp" || shape === "step";
  if (hasEnd && to === undefined)
    report([...at, "to"], `${shape} needs the rate at its end, as in to: 800/s`);
  if (!hasEnd && to !== undefined)
    report([...at, "to"], `to is for ramp and step; the shape is ${shape}`);
  if (shape === "step" && steps === undefined)
    report([...at, "steps"], "step needs steps, as in steps: 5");
  if (shape !== "step" && steps !== undefined)
    report([...at, "steps"], `steps is for step; the shape is ${shape}`);
}

function validateTarget(target: FileTarget, report: Report): void {
  const kinds = (["url", "image", "server"] as const).filter((kind) => target[kind] !== undefined);
  const isCommand = target.command !== undefined && target.image === undefined;
  const all = isCommand ? [...kinds, "command" as const] : kinds;
  for (const extra of all.slice(1)) {
    report(
      ["target", extra],
      `a target has one of server, command, image and url; ${all[0]} is set too`,
    );
  }
  const isOurs = all.length === 0 || all[0] === "server";
  for (const field of ["backlog", "delay", "misbehaviour", "engine"] as const) {
    if (!isOurs && target[field] !== undefined) {
      report(
        ["target", field],
        `${field} is for the server of churnlab; this target is a ${all[0]}`,
      );
    }
  }
  if (isOurs && target.env !== undefined) {
    report(["target", "env"], "env is for a command or an image");
  }
  for (const field of ["misbehaviour", "engine"] as const) {
    const value = target[field];
    if (target.server === "fastify" && value !== undefined && value !== DEFAULTS.target[field]) {
      report(["target", field], `the fastify server has no ${field}; use server: builtin`);
    }
  }
  if (target.url !== undefined && target.port !== undefined) {
    report(["target", "port"], "the url says the port already");
  }
}

function validateUpstream(
  { topology, target, upstream, workload }: FileSpec,
  report: Report,
): void {
  if (topology !== "gateway") {
    if (upstream !== undefined) report(["upstream"], "upstream is for topology: gateway");
    return;
  }
  if (workload?.protocol === "raw") {
    report(["workload", "protocol"], "a gateway speaks http");
  }
  const isOurs = target?.command === undefined && target?.image === undefined;
  if (!isOurs && upstream !== undefined) {
    report(["upstream"], "upstream is for the gateway of churnlab; yours dials as it was told");
  }
  if (!isOurs) return;
  for (const field of ["misbehaviour", "engine", "delay"] as const) {
    const value = target?.[field];
    if (value !== undefined && value !== DEFAULTS.target[field]) {
      report(["target", field], `the gateway of churnlab has no ${field}`);
    }
  }
  if (workload?.closer === "server" && (workload.close ?? "fin") !== "fin") {
    report(["workload", "close"], `the gateway of churnlab does not close by ${workload.close}`);
  }
}

function validateTestbed(spec: FileSpec, report: Report): void {
  const testbed = spec.testbed ?? DEFAULTS.testbed;
  const target = spec.target ?? {};
  const isGateway = spec.topology === "gateway";
  if (testbed === "external" && target.url === undefined) {
    report(["target", "url"], "testbed external needs target: { url: http://… }");
  }
  if (testbed !== "external" && target.url !== undefined) {
    report(["target", "url"], `a url is for testbed: external; the testbed is ${testbed}`);
  }
  if (testbed !== "docker" && target.image !== undefined) {
    report(["target", "image"], `an image is for testbed: docker; the testbed is ${testbed}`);
  }
  if (testbed === "docker" && target.command !== undefined && target.image === undefined) {
    report(["target", "command"], "with testbed: docker a command needs its image");
  }
  if (testbed === "external" && (spec.workload?.sources ?? 1) > 1) {
    report(["workload", "sources"], "testbed external has one client: this host");
  }
  if (testbed === "external" && isGateway) {
    report(["topology"], "testbed external has no upstream of ours; use topology: direct");
  }
  if (isGateway && target.server === "fastify") {
    report(["target", "server"], "the fastify server dials no upstream; use server: builtin");
  }
}

function validateProtocol({ workload, target }: FileSpec, report: Report): void {
  if (workload?.protocol !== "raw") return;
  const at = ["workload", "protocol"];
  if (workload.engine === "undici") report(at, "the undici engine speaks http only");
  if (target?.server === "fastify") report(at, "the fastify server speaks http only");
  if (target?.url !== undefined) report(at, "a url is a server of http");
}
