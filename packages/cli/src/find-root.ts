import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the workspace, which ships scenarios and schemas. */
export const ROOT: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
