import { z } from "zod";
import { scenarioFileSchema } from "./scenario-file/schema.ts";

/**
 * The JSON Schema (draft 7, which editors understand) of a scenario file as it is written. It knows the shape; what
 * belongs together, names of sysctls and metrics, and what a matrix sets, only `parseScenario` checks.
 */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(scenarioFileSchema, {
      target: "draft-7",
      io: "input",
      // zod leaves out the default of what is transformed; ours are written as in the file.
      override({ zodSchema, jsonSchema }) {
        const initial = z.globalRegistry.get(zodSchema)?.["default"];
        if (initial !== undefined) jsonSchema.default = initial as string;
      },
    }),
    title: "churnlab scenario",
  };
}
