import { z } from "zod";
import { BUILTIN_SERVERS, MISBEHAVIOURS, TARGET_ENGINES } from "../scenario.ts";
import { SCENARIO_BOUNDS } from "../scenario-bounds.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FileTarget } from "./file-spec.ts";
import { duration } from "./quantity-schemas.ts";

/** The server under test: one of `server`, `command`, `image`, `url`. */
export const targetSchema: z.ZodType<FileTarget> = z.strictObject({
  server: z.enum(BUILTIN_SERVERS).optional().meta({
    description: "builtin: churnlab's own, the least it can cost. fastify: an ordinary Node server",
    default: DEFAULTS.target.server,
  }),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "start this program in the target's namespace; it must listen on `port`. {host}, {port}, {dir} (a directory of its own) and {upstream} in its words are filled in",
    ),
  image: z.string().min(1).optional().describe("testbed docker: the image of the target"),
  url: z
    .url({ protocol: /^https?$/ })
    // What follows would name another host to a proxy.
    .refine(
      (url) => !/^https?:[\\/]{2,}[^\\/?#]*[\\/]{2}/i.test(url),
      "a URL whose path does not begin with //",
    )
    .optional()
    .describe("testbed external: a server of yours"),
  port: z.int().min(1).max(SCENARIO_BOUNDS.port).optional().meta({
    description: "where the target listens",
    default: DEFAULTS.target.port,
  }),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.number(), z.string()]))
    .optional()
    .describe("environment variables of a command or image"),
  backlog: z.int().min(0).max(SCENARIO_BOUNDS.backlog).optional().meta({
    description: "argument of listen(2); the kernel caps it with net.core.somaxconn",
    default: DEFAULTS.target.backlog,
  }),
  delay: duration.optional().meta({
    description: "time between request and response",
    default: DEFAULTS.target.delay,
  }),
  misbehaviour: z.enum(MISBEHAVIOURS).optional().meta({
    description: "builtin: what it does wrong on purpose",
    default: DEFAULTS.target.misbehaviour,
  }),
  engine: z.enum(TARGET_ENGINES).optional().meta({
    description: "builtin: how it speaks to the kernel. auto: the fastest that works here",
    default: DEFAULTS.target.engine,
  }),
});
