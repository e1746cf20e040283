/**
 * Builds and removes the world of a trial.
 *
 * @packageDocumentation
 */
export { NetnsTestbed } from "./netns-testbed.ts";
