import { ChurnError } from "@churnlab/core";
import { isOwnerAlive, OWNER_LABEL } from "./container-owner.ts";
import { DockerCli } from "./docker-cli.ts";

/**
 * Removes the containers whose harness is dead, with their layers and volumes, and returns their names. There is nothing else
 * to remove: the containers are on no network of the engine, and their cables go with their namespaces. Empty where there is
 * no engine.
 */
export async function cleanContainers(cli: DockerCli = new DockerCli()): Promise<string[]> {
  try {
    const listed = await cli.run(["ps", "-a", "-q", "--filter", `label=${OWNER_LABEL}`]);
    if (listed === "") return [];
    const format = `{{.Name}} {{index .Config.Labels "${OWNER_LABEL}"}}`;
    const described = await cli.run(["inspect", "--format", format, ...listed.split("\n")]);
    const left = described
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([name, owner]) => name !== undefined && owner !== undefined && !isOwnerAlive(owner))
      .map(([name = ""]) => name.replace(/^\//, ""));
    if (left.length > 0) await cli.run(["rm", "--force", "--volumes", ...left]);
    return left;
  } catch (error) {
    if (error instanceof ChurnError) return [];
    throw error;
  }
}
