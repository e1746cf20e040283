import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseScenario } from "@churnlab/core";
import { planFleet, writeFleet } from "@churnlab/fleet";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { findProblems, KUBERNETES, type Manifest, readManifests } from "./manifests.ts";

interface Generator {
  readonly name: string;
  readonly files: readonly string[];
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
  readonly secretGenerator: readonly Generator[];
  readonly configMapGenerator: readonly Generator[];
}

interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string };
  readonly configMap?: { readonly name: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

interface Mount {
  readonly name: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
}

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly volumes?: readonly Volume[];
    readonly containers: readonly {
      readonly image: string;
      readonly args?: readonly string[];
      readonly volumeMounts: readonly Mount[];
    }[];
  };
}

const NAME_LABEL = "app.kubernetes.io/name";
const kustomization = parse(read("kustomization.yaml")) as Kustomization;
const generators = [...kustomization.secretGenerator, ...kustomization.configMapGenerator];
const manifests = kustomization.resources.flatMap(readManifests);
const workloads = manifests.filter(({ kind }) => kind === "Job" || kind === "StatefulSet");

describe("each manifest is one of its kind to the schema of Kubernetes:", () => {
  test.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest]))(
    "%s",
    async (_name, manifest) => {
      expect(await findProblems(manifest as Manifest)).toEqual([]);
    },
  );
});

test("the check refuses a wrong value, a key of the wrong name, and one in the wrong place", async () => {
  const job = workloads.find(({ kind }) => kind === "Job") as Manifest;
  const changed = (change: (copy: Record<string, any>) => void): Promise<string[]> => {
    const copy = structuredClone(job) as Record<string, any>;
    change(copy);
    return findProblems(copy as Manifest);
  };
  expect(await changed((copy) => (copy["spec"].completions = "four"))).toEqual([
    '/spec/completions type {"type":"integer"}',
  ]);
  expect(await changed((copy) => (copy["spec"].completion = 4))).toEqual([
    "/spec/completion is no key of Job",
  ]);
  expect(await changed((copy) => (copy["spec"].template.spec.sysctls = []))).toEqual([
    "/spec/template/spec/sysctls is no key of Job",
  ]);
  expect(
    await changed((copy) => {
      copy["spec"].template.spec.securityContext = {
        sysctls: [{ name: "net.ipv4.tcp_tw_reuse", value: "1" }],
      };
    }),
  ).toEqual([]);
});

test("every file that the kustomization names is there, once `fleet init` has run", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-kustomize-"));
  try {
    const agents = ["agent-0", "agent-1", "agent-2", "agent-3"];
    const options = { agents, host: "churnlab-nats", port: 4222, now: new Date() };
    writeFleet(path.join(directory, "fleet"), planFleet(options).files, false);
    const files = generators.flatMap((generator) => generator.files.map(sourceOf));
    const absent = [...kustomization.resources, ...files].filter((file) => {
      const root = file.startsWith("fleet/") ? directory : KUBERNETES;
      return !existsSync(path.join(root, file));
    });
    expect(absent).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("every secret, config map, claim and file that a pod mounts is made here", () => {
  const claims = manifests
    .filter(({ kind }) => kind === "PersistentVolumeClaim")
    .map(({ metadata }) => metadata.name);
  const mounted: string[] = [];
  const claimed: string[] = [];
  for (const { spec } of workloads.map(podOf)) {
    for (const volume of spec.volumes ?? []) {
      const source = volume.secret?.secretName ?? volume.configMap?.name;
      const claim = volume.persistentVolumeClaim?.claimName;
      if (claim !== undefined) claimed.push(claim);
      if (source === undefined) continue;
      const keys = keysOf(source);
      for (const mount of mountsOf(spec, volume.name)) {
        const file = (mount.subPath ?? mount.subPathExpr ?? "").replace(/\$\(\w+\)/, "0");
        expect(keys).toContain(file);
        mounted.push(`${source}/${file}`);
      }
    }
  }
  expect(mounted).toHaveLength(7);
  expect(claimed).toEqual(claims);
});

test("an agent keeps its results below the volume, which everybody in its pod may write to", () => {
  const job = workloads.find(({ metadata }) => metadata.name === "churnlab-agents") as Manifest;
  const [agent] = podOf(job).spec.containers as unknown as readonly {
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  const spool = agent?.args[agent.args.indexOf("--spool") + 1] ?? "";
  const volume = agent?.volumeMounts.find(({ name }) => name === "spool")?.mountPath ?? "/";
  expect(path.posix.dirname(spool)).toBe(volume);
});

test("a server is started, ready and alive by its own word, which nobody outside its pod can ask for", () => {
  const config = read("nats.conf");
  const monitor = /^http: "(127\.0\.0\.1:\d+)"$/m.exec(config)?.[1] ?? "none";
  expect(config).toMatch(/^include "server\.conf"$/m);
  const nats = workloads.find(({ metadata }) => metadata.name === "churnlab-nats") as Manifest;
  const [server] = podOf(nats).spec.containers as unknown as readonly Record<string, Probe>[];
  for (const kind of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    expect(server?.[kind]?.exec.command.at(-1)).toBe(
      `http://${monitor}/healthz?js-enabled-only=true`,
    );
  }
});

test("an agent's start is waited for until it is connected to the port of the server", () => {
  const job = workloads.find(({ metadata }) => metadata.name === "churnlab-agents") as Manifest;
  const [agent] = podOf(job).spec.containers as unknown as readonly Record<string, Probe>[];
  const [, script = "", port] = agent?.["startupProbe"]?.exec.command ?? [];
  expect(existsSync(path.join(KUBERNETES, "../..", script.replace("/churnlab/", "")))).toBe(true);
  const service = manifests.find(({ kind }) => kind === "Service") as Manifest;
  const { ports } = service["spec"] as { ports: readonly { port: number }[] };
  expect(ports.map((each) => String(each.port))).toEqual([port]);
});

test("names are looked up in the cluster's DNS, also where each node has a cache of it", () => {
  const clients = manifests.find(
    ({ metadata }) => metadata.name === "churnlab-clients",
  ) as Manifest;
  const { egress } = clients["spec"] as { egress: readonly { to: readonly unknown[] }[] };
  expect(egress.flatMap(({ to }) => to)).toContainEqual({ ipBlock: { cidr: "169.254.20.10/32" } });
});

test("compose and cluster take one nats-server", () => {
  const compose = readFileSync(path.join(KUBERNETES, "../../docker-compose.yml"), "utf8");
  const pinned = kustomization.images.find(({ name }) => name === "nats")?.newTag.split("-")[0];
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
  expect(/NATS_IMAGE:-nats:([\d.]+)/.exec(compose)?.[1]).toBe(pinned);
});

test("there are as many agents' files as agents", () => {
  const job = workloads.find(({ metadata }) => metadata.name === "churnlab-agents");
  const { completions, parallelism } = (job as Manifest)["spec"] as {
    completions: number;
    parallelism: number;
  };
  expect(keysOf("churnlab-agents")).toHaveLength(completions);
  expect(parallelism).toBe(completions);
});

test("every image has its name in the kustomization", () => {
  const images = workloads.flatMap((workload) =>
    podOf(workload).spec.containers.map(({ image }) => image),
  );
  expect(new Set(images)).toEqual(new Set(kustomization.images.map(({ name }) => name)));
});

test("every label that a service or a policy selects is that of a pod", () => {
  const labels = new Set(workloads.map((workload) => podOf(workload).metadata.labels[NAME_LABEL]));
  const policies = manifests.filter(({ kind }) => kind === "NetworkPolicy" || kind === "Service");
  const selected = [
    ...JSON.stringify(policies).matchAll(/churnlab-(?:nats|agent|controller)(?=")/g),
  ];
  const names = new Set(selected.map(([name]) => name));
  expect([...names].filter((name) => !labels.has(name))).toEqual([]);
  expect([...names]).toHaveLength(3);
});

test("the scenario that is run is one", () => {
  expect(parseScenario(read("scenario.yaml"), "scenario.yaml").variants).toHaveLength(2);
});

function read(file: string): string {
  return readFileSync(path.join(KUBERNETES, file), "utf8");
}

function podOf(workload: Manifest): Pod {
  return (workload["spec"] as { template: Pod }).template;
}

function mountsOf(spec: Pod["spec"], volume: string): readonly Mount[] {
  return spec.containers.flatMap(({ volumeMounts }) =>
    volumeMounts.filter(({ name }) => name === volume),
  );
}

/** The keys of a generated secret or config map. */
function keysOf(name: string): string[] {
  const generator = generators.find((each) => each.name === name);
  if (generator === undefined) throw new Error(`nothing generates ${name}`);
  return generator.files.map((file) => file.split("=")[0] ?? "");
}

function sourceOf(file: string): string {
  return file.split("=").at(-1) ?? "";
}
