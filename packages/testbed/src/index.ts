/**
 * Builds and removes the world of a trial.
 *
 * @packageDocumentation
 */
export { type CleanedDirectories, cleanCommandDirectories } from "./command/command-directory.ts";
export { checkContainers } from "./docker/check-containers.ts";
export {
  type CleanedContainers,
  cleanContainers,
  type UnseenContainer,
} from "./docker/clean-containers.ts";
export { DockerTestbed, type DockerTestbedOptions } from "./docker/docker-testbed.ts";
export { type ContainerAbility, findContainers } from "./docker/find-containers.ts";
export { type ImageSpec, imageOf } from "./docker/image-of.ts";
export { whyNotFromOutside } from "./docker/open-container-namespace.ts";
export { checkExternal, type ExternalCheck } from "./external/check-external.ts";
export { ExternalTargets } from "./external/external-targets.ts";
export { ExternalTestbed } from "./external/external-testbed.ts";
export { joinPorts, joinQueues, joinReadings, joinWarnings } from "./joint-observer.ts";
export { NetnsTestbed } from "./netns-testbed.ts";
export { restoreSysctls } from "./restore-sysctls.ts";
export {
  type KeepUndo,
  type LoadSide,
  type Side,
  SideBuilder,
  type SideBuilderOptions,
  type SideNetwork,
  type SidePlan,
  type TargetSide,
} from "./side-builder.ts";
