/**
 * Builds and removes the world of a trial.
 *
 * @packageDocumentation
 */
export { cleanContainers } from "./docker/clean-containers.ts";
export { DockerTestbed } from "./docker/docker-testbed.ts";
export { NetnsTestbed } from "./netns-testbed.ts";
