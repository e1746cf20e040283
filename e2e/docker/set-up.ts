import type { TestProject } from "vitest/node";
import { buildImages, type EngineState, findEngine } from "./engine.ts";

declare module "vitest" {
  interface ProvidedContext {
    engine: EngineState;
  }
}

/** Of this process: each project has a copy of this module. */
const known = globalThis as { churnlabEngine?: EngineState };

/** Once for all files of all projects: looks for an engine and builds the images. */
export function setup(project: TestProject): void {
  known.churnlabEngine ??= prepareEngine();
  project.provide("engine", known.churnlabEngine);
}

function prepareEngine(): EngineState {
  const engine = findEngine();
  if (engine.missing === null) buildImages();
  return engine;
}
