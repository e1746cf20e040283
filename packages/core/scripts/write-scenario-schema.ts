// Writes schema/scenario.schema.json, which editors read to complete and check scenario files:
//   node --conditions=@churnlab/source packages/core/scripts/write-scenario-schema.ts
import { writeFileSync } from "node:fs";
import { scenarioJsonSchema } from "../src/scenario-json-schema.ts";

const file = new URL("../../../schema/scenario.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
