import { ChurnError, type TrialSpec } from "@churnlab/core";
import { DockerCli } from "./docker-cli.ts";
import { imageOf } from "./image-of.ts";
import { whyNotFromOutside } from "./open-container-namespace.ts";
import { AGENT_IMAGE, OWN_IMAGE } from "./own-image.ts";

const PULL_MS_MAX = 600_000;

/**
 * Whether trials of testbed docker can run here, before the first of them: does an engine answer, are the images here, also
 * the one that measures where this user may not enter a container's namespace. Missing images are pulled with `pull`. Rejects
 * with `E_CAPABILITY`, `E_TOOL_MISSING`, `E_CONTAINER_ENGINE` or `E_IMAGE`.
 */
export async function checkContainers(
  specs: readonly TrialSpec[],
  { pull, cli = new DockerCli() }: { readonly pull: boolean; readonly cli?: DockerCli },
): Promise<void> {
  // Those of a fleet are its agents' to check.
  const here = specs.filter(({ fleet }) => fleet === undefined);
  const images = new Set(here.map(imageOf).filter((image) => image !== null));
  if (images.size === 0) return;
  await requireVersion(cli);
  for (const image of images) await requireImage(image, { pull, cli });
  const lack = whyNotFromOutside();
  if (lack !== null) await requireAgentImage(cli, lack);
}

/** Docker's first whose `create` can be told not to pull. */
const DOCKER_VERSION_MIN = [20, 10] as const;

/** Other command lines count their versions otherwise; docker's is told by the version of its API, 1.24 to 1.51 so far. */
async function requireVersion(cli: DockerCli): Promise<void> {
  const client = await cli.run(["version", "--format", "{{.Client.Version}}"]);
  if (client === "") {
    throw new ChurnError("E_CONTAINER_ENGINE", `${cli.program} has no version`, {
      hint: "CHURNLAB_CONTAINER_ENGINE has to name a program that understands docker's words.",
    });
  }
  if (!isOlder(client)) return;
  const api = await cli.run(["version", "--format", "{{.Client.APIVersion}}"]).catch(() => "");
  if (!/^1\.\d+$/.test(api)) return;
  throw new ChurnError(
    "E_CONTAINER_ENGINE",
    `${cli.program} ${client} is too old: it cannot be told not to pull`,
    { hint: `Version ${DOCKER_VERSION_MIN.join(".")} or later is needed.` },
  );
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [leastMajor, leastMinor] = DOCKER_VERSION_MIN;
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** Where containers cannot be entered, an agent of ours has to measure inside, and is as much to be had as the target. */
async function requireAgentImage(cli: DockerCli, lack: string): Promise<void> {
  try {
    await requireImage(AGENT_IMAGE, { pull: false, cli });
  } catch (error) {
    if (!(error instanceof ChurnError) || error.code !== "E_IMAGE") throw error;
    throw new ChurnError(
      "E_CAPABILITY",
      `The network namespace of a container cannot be entered from outside by this user (${lack}), and the image that measures inside is missing: ${AGENT_IMAGE}`,
      {
        hint: "Run as root, or build it: docker build --target agent --tag churnlab-agent . (docs/containers.md).",
        cause: error,
      },
    );
  }
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
        ? "Build it: docker build --target target --tag churnlab-target . (docs/containers.md)."
        : `Nothing is pulled unasked: run with --pull, or ${cli.program} pull ${image}.`,
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
