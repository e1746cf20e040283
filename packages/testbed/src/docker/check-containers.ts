import { ChurnError, type TrialSpec } from "@churnlab/core";
import { isInitialUserNamespace, readCapabilities } from "@churnlab/linux";
import { DockerCli } from "./docker-cli.ts";
import { OWN_IMAGE } from "./own-image.ts";

const PULL_MS_MAX = 600_000;

/** What is needed to see a container's kernel side from outside, with nothing installed in it. */
const NEEDED = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"] as const;

/**
 * Whether trials of testbed docker can run here, before the first of them: may this user enter a container's namespace, does
 * an engine answer, are the images here. Missing images are pulled with `pull`. Rejects with `E_CAPABILITY`,
 * `E_TOOL_MISSING`, `E_CONTAINER_ENGINE` or `E_IMAGE`.
 */
export async function checkContainers(
  specs: readonly TrialSpec[],
  { pull, cli = new DockerCli() }: { readonly pull: boolean; readonly cli?: DockerCli },
): Promise<void> {
  const inContainers = specs.filter(({ testbed }) => testbed === "docker");
  if (inContainers.length === 0) return;
  requireEntry();
  const version = await cli.run(["version", "--format", "{{.Client.Version}}"]);
  if (version === "") throw new ChurnError("E_CONTAINER_ENGINE", `${cli.program} has no version`);
  for (const image of new Set(inContainers.map(imageOf))) await requireImage(image, { pull, cli });
}

function requireEntry(): void {
  const held = readCapabilities();
  const missing = NEEDED.filter((name) => !held.has(name));
  if (missing.length === 0 && isInitialUserNamespace()) return;
  const lack = missing.length === 0 ? "this is a user namespace" : `without ${missing.join(", ")}`;
  throw new ChurnError(
    "E_CAPABILITY",
    `The network namespace of a container cannot be entered from outside by this user (${lack})`,
    {
      hint: "Run as root: its sysctls, counters and sockets are read there, with nothing installed in the container.",
    },
  );
}

function imageOf({ target }: TrialSpec): string {
  return "image" in target ? target.image : OWN_IMAGE;
}

async function requireImage(
  image: string,
  { pull, cli }: { readonly pull: boolean; readonly cli: DockerCli },
): Promise<void> {
  try {
    await cli.run(["image", "inspect", "--format", "{{.Id}}", image]);
    return;
  } catch (error) {
    if (!(error instanceof ChurnError) || error.code !== "E_IMAGE") throw error;
  }
  if (pull) {
    await pullImage(image, cli);
    return;
  }
  throw new ChurnError("E_IMAGE", `There is no image ${image} on this machine`, {
    hint:
      image === OWN_IMAGE
        ? "Build it: docker build --target target --tag churnlab-target . (see docs/containers.md)"
        : `Nothing is pulled unasked: run with --pull, or ${cli.program} pull ${image}`,
  });
}

async function pullImage(image: string, cli: DockerCli): Promise<void> {
  try {
    await cli.run(["pull", "--quiet", image], { timeoutMs: PULL_MS_MAX });
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    throw new ChurnError("E_IMAGE", `The image ${image} could not be pulled: ${error.message}`, {
      hint: "Is the name right, with its tag, and does its registry answer and know you?",
      cause: error,
    });
  }
}
