import { scenarioJsonSchema } from "@churnlab/core";
import { markdownTable, type Row } from "./markdown-table.ts";

type Value = string | number | boolean;

/** The part of JSON Schema that the scenario's schema uses. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: Value;
  readonly type?: string | readonly string[];
  readonly enum?: readonly Value[];
  readonly const?: Value;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $ref?: string;
}

const INTRODUCTION = `# Scenario files

A scenario is YAML 1.2. Durations and rates always have a unit (\`8s\`, \`500ms\`, \`400/s\`). \`churnlab validate\` reports every
problem of a file at once, with its place; editors that speak JSON Schema complete and explain the fields when the file begins
with \`# yaml-language-server: $schema=../schema/scenario.schema.json\`.

A whole file:

\`\`\`yaml
version: 1
name: tw-reuse
description: Does tcp_tw_reuse lift the short-connection ceiling?
workload:
  kind: short-lived
  closer: client                       # the client closes first, and so holds TIME_WAIT
  arrival: { model: open, rate: 400/s }
phases: { warmUp: 0s, measure: 8s, drain: 0s }
sysctls:                               # for every variant, by the role they act on
  client: { net.ipv4.ip_local_port_range: "30000 32047" }
variants:                              # the first is the baseline; a variant may override any field
  - { name: baseline, sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } } }
  - { name: tw_reuse=1, sysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } } }
replicates: 8                          # 5 for an interval, 8 for a claim by one gate, 11 to 13 by a table
gates:
  - { metric: client.failures.EADDRNOTAVAIL, variant: tw_reuse=1, max: 0 }
\`\`\`

Instead of listing variants, \`matrix\` crosses axes: every combination becomes a variant.

\`\`\`yaml
version: 1
name: who-closes
workload: { kind: short-lived, arrival: { model: open, rate: 200/s } }
matrix:
  workload.closer: [client, server]
  sysctls.client.net.ipv4.tcp_tw_reuse: [0, 1]
\`\`\`

## Fields

A duration is a number with \`us\`, \`ms\`, \`s\`, \`m\` or \`h\`; a rate one with \`/s\`, \`/m\` or \`/h\`; a share one with \`%\`.
\`churnlab sysctl list\` names the sysctls, \`churnlab sysctl explain <name>\` says what one does and on which side.

A variant may override every field of \`testbed\`, \`topology\`, \`target\`, \`workload\`, \`phases\`, \`sysctls\` and \`observe\`.
`;

/** `docs/scenarios.md`, from the schema that checks the files. */
export function scenarioPage(): string {
  const rows = listFields(scenarioJsonSchema(), "");
  return `${INTRODUCTION}
${markdownTable(["field", "takes", "default", "meaning"], rows)}
`;
}

function listFields(schema: Schema, path: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const own = `${path}${name}`;
    const row = [
      `\`${own}\``,
      describeType(field),
      describeDefault(field),
      field.description ?? "",
    ];
    // Variants repeat the fields of a scenario, and sysctls are explained by \`churnlab sysctl\`.
    const parts = own === "variants" ? [] : listFields(field.items ?? field, `${own}.`);
    return parts.length > 0 && field.description === undefined ? parts : [row, ...parts];
  });
}

/** Texts with a unit. */
const QUANTITIES: ReadonlySet<string> = new Set(["duration", "rate", "share"]);

function describeDefault({ default: value }: Schema): string {
  return value === undefined || value === "" ? "" : `\`${String(value)}\``;
}

function describeType(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${String(value)}\``).join(" ");
  if (schema.$ref !== undefined) return "sysctls";
  if (QUANTITIES.has(schema.title ?? "")) return `${schema.title}`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(describeType))].join(" or ");
  const types = [schema.type ?? ""].flat();
  return types.filter((type) => type !== "object").join(" or ");
}
