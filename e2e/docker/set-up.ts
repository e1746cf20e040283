import type { TestProject } from "vitest/node";
import { buildImages, type EngineState, findEngine } from "./engine.ts";

declare module "vitest" {
  interface ProvidedContext {
    engine: EngineState;
  }
}

/** Once for all files: looks for an engine and builds the images. */
export function setup(project: TestProject): void {
  const engine = findEngine();
  if (engine.missing === null) buildImages();
  project.provide("engine", engine);
}
