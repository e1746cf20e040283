import { readFileSync } from "node:fs";
import { ChurnError, durationSchema, parseYamlFile, rateSchema } from "@churnlab/core";
import { z } from "zod";
import { AGENT_ROLES } from "../messages/agent-description.ts";
import { AGENT_NAME } from "../subjects.ts";
import { parseAddressRange } from "./address-ranges.ts";
import { type AgentLimits, DEFAULT_LIMITS, TARGET_KINDS } from "./agent-limits.ts";
import { isImagePattern } from "./image-patterns.ts";
import { parsePortRange } from "./port-ranges.ts";

/** What an agent is, whom it serves, and what it lets itself be asked for. Absent parts are the command line's. */
export interface AgentFile {
  readonly name: string | null;
  /** URL of the NATS server. */
  readonly server: string | null;
  /** Seed of the agent's NKey. */
  readonly seed: string | null;
  /** PEM of the authority that the server's certificate is signed by. */
  readonly ca: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: AgentLimits;
}

const CONNECTIONS_MAX = 10_000_000;

const addressRange = z
  .string()
  .refine(
    (text) => parseAddressRange(text) !== null,
    "a range of addresses such as 198.18.0.0/15 or 2001:db8::/32",
  );

const portRange = z
  .union([z.int(), z.string()])
  .refine(
    (port) => parsePortRange(String(port)) !== null,
    "a port or a range of ports such as 8000-8999",
  )
  .transform(String);

const SYSCTL_PATTERN = /^[a-z0-9_]+(?:\.[A-Za-z0-9_-]+)*(?:\.\*)?$/;

const sysctlName = z
  .string()
  .refine(
    (name) => SYSCTL_PATTERN.test(name),
    "a sysctl such as net.ipv4.tcp_tw_reuse, or net.ipv4.*",
  );

const imagePattern = z
  .string()
  .refine(isImagePattern, "an image such as nginx:1.28, or nginx:* for any tag of it");

const limitsSchema = z.strictObject({
  addresses: z.array(addressRange).optional(),
  ports: z.array(portRange).optional(),
  rate: rateSchema.optional(),
  connections: z.int().min(1).max(CONNECTIONS_MAX).optional(),
  duration: durationSchema.optional(),
  sysctls: z.array(sysctlName).optional(),
  roles: z.array(z.enum(AGENT_ROLES)).min(1).optional(),
  targets: z.array(z.enum(TARGET_KINDS)).optional(),
  images: z.array(imagePattern).optional(),
  pull: z.boolean().optional(),
  hostTarget: z.boolean().optional(),
});

/** The keys of `limits`, which docs/fleet.md lists. */
export const LIMIT_KEYS: readonly string[] = Object.keys(limitsSchema.shape);

const agentFileSchema = z.strictObject({
  name: z
    .string()
    .refine((name) => AGENT_NAME.test(name), "a name of at most 64 letters, digits, _ and -")
    .optional(),
  server: z.string().min(1).optional(),
  seed: z.string().min(1).optional(),
  ca: z.string().min(1).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  limits: limitsSchema.optional(),
});

/** Reads an agent's file; the controller's is alike. Throws `E_AGENT_FILE`. */
export function readAgentFile(file: string): AgentFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    throw new ChurnError("E_AGENT_FILE", `${file} cannot be read (${code})`, {
      hint: "Write one with `churnlab fleet init`, or name another with --config.",
      cause,
    });
  }
  return parseAgentFile(text, file);
}

/**
 * Reads the text of an agent's file, named `file` to people.
 *
 * @throws ScenarioError `E_AGENT_FILE` with every problem and its place
 */
export function parseAgentFile(text: string, file: string): AgentFile {
  const parsed = parseYamlFile({
    name: file,
    text,
    schema: agentFileSchema,
    code: "E_AGENT_FILE",
    what: "the file of an agent is a mapping of keys such as name, server and limits",
  });
  const { rate, duration, ...limits } = parsed.limits ?? {};
  return {
    name: parsed.name ?? null,
    server: parsed.server ?? null,
    seed: parsed.seed ?? null,
    ca: parsed.ca ?? null,
    labels: parsed.labels ?? {},
    limits: {
      ...DEFAULT_LIMITS,
      ...withoutAbsent(limits),
      ratePerS: rate ?? null,
      durationMs: duration ?? null,
      file,
    },
  };
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
