import { z } from "zod";
import { BUILTIN_SERVERS, MISBEHAVIOURS, TARGET_ENGINES } from "../scenario.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FileTarget } from "./file-spec.ts";
import { duration } from "./quantity-schemas.ts";

/** The server under test: one of `server`, `command`, `image`, `url`. */
export const targetSchema: z.ZodType<FileTarget> = z.strictObject({
  server: z.enum(BUILTIN_SERVERS).optional().meta({ default: DEFAULTS.target.server }),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("start this program in the target's namespace; it must listen on `port`"),
  image: z.string().min(1).optional().describe("testbed docker: the image of the target"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("testbed external: a server of yours"),
  port: z.int().min(1).max(65_535).optional().meta({ default: DEFAULTS.target.port }),
  backlog: z.int().min(0).max(65_535).optional().meta({
    description: "argument of listen(2); the kernel caps it with net.core.somaxconn",
    default: DEFAULTS.target.backlog,
  }),
  delay: duration.optional().meta({
    description: "time between request and response",
    default: DEFAULTS.target.delay,
  }),
  misbehaviour: z.enum(MISBEHAVIOURS).optional().meta({ default: DEFAULTS.target.misbehaviour }),
  engine: z.enum(TARGET_ENGINES).optional().meta({ default: DEFAULTS.target.engine }),
});
