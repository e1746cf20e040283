import { formatProblems, ScenarioError } from "@churnlab/core";
import { expect, test } from "vitest";
import { parseAgentFile, readAgentFile } from "../../src/limits/agent-file.ts";
import { DEFAULT_LIMITS } from "../../src/limits/agent-limits.ts";

test("an empty file is an agent with the default limits: loopback and the benchmark addresses only", () => {
  const agent = parseAgentFile("# nothing yet\n", "/etc/churnlab/agent.yaml");
  expect(agent).toEqual({
    name: null,
    server: null,
    seed: null,
    ca: null,
    labels: {},
    limits: { ...DEFAULT_LIMITS, file: "/etc/churnlab/agent.yaml" },
  });
});

test("what the file says replaces the default of its key and of no other", () => {
  const text = `
name: rack1-a
server: tls://198.51.100.7:4222
seed: SUAGIVEN
labels: { rack: r1 }
limits:
  addresses: [10.0.0.0/8, "2001:db8::/32"]
  ports: [80, 8000-8999]
  rate: 1200/m
  duration: 90s
  hostTarget: true
`;
  const { limits, seed, labels } = parseAgentFile(text, "/etc/churnlab/agent.yaml");
  expect(seed).toBe("SUAGIVEN");
  expect(labels).toEqual({ rack: "r1" });
  expect(limits).toEqual({
    ...DEFAULT_LIMITS,
    addresses: ["10.0.0.0/8", "2001:db8::/32"],
    ports: ["80", "8000-8999"],
    ratePerS: 20,
    durationMs: 90_000,
    hostTarget: true,
    file: "/etc/churnlab/agent.yaml",
  });
});

test("images are named one by one, or with any tag; nothing else stands for many", () => {
  const { limits } = parseAgentFile(
    'limits: { targets: [image], images: [churnlab-target, "nginx:*"], pull: true }\n',
    "a.yaml",
  );
  expect(limits).toMatchObject({ images: ["churnlab-target", "nginx:*"], pull: true });
  for (const pattern of ["*", "lab/*", "nginx:1.*", ":*", "-v", "nginx:*:*", "a b"]) {
    const { problems } = problemsOf(`limits: { images: [${JSON.stringify(pattern)}] }\n`);
    expect(problems[0]?.message).toContain("an image such as nginx:1.28, or nginx:*");
  }
});

test("all problems of a file are reported together, each with its place", () => {
  const text = `name: not a name
limit: {}
limits:
  addresses: [10.0.0.0/33, example.org]
  ports: [0, 9-8]
  rate: 100
  connections: many
  sysctls: [../kernel/core_pattern]
  roles: [lod]
`;
  const error = problemsOf(text);
  expect(error.code).toBe("E_AGENT_FILE");
  expect(error.problems.map(({ line, column }) => `${line}:${column}`)).toEqual([
    "1:7",
    "2:1",
    "4:15",
    "4:28",
    "5:11",
    "5:14",
    "6:9",
    "7:16",
    "8:13",
    "9:11",
  ]);
  expect(error.problems.every(({ code }) => code === "E_AGENT_FILE")).toBe(true);
  const shown = formatProblems(error);
  expect(shown).toContain("unknown key limit — did you mean limits?");
  expect(shown).toContain(
    "limits.addresses[1] must be a range of addresses such as 198.18.0.0/15 or 2001:db8::/32",
  );
  expect(shown).toContain("limits.rate must be a rate with its unit (/s, /m, /h), as in 400/s");
  expect(shown).toContain("— did you mean load?");
});

test("a file that is a list, or not YAML, says so", () => {
  expect(problemsOf("- a\n").problems[0]?.message).toContain("is a mapping of keys");
  expect(problemsOf("a: [\n").problems[0]?.message).toContain("YAML:");
});

test("a file that is absent is named, with what to do", () => {
  expect(() => readAgentFile("/nowhere/agent.yaml")).toThrow(
    expect.objectContaining({ code: "E_AGENT_FILE", message: expect.stringContaining("ENOENT") }),
  );
});

function problemsOf(text: string): ScenarioError {
  try {
    parseAgentFile(text, "agent.yaml");
  } catch (error) {
    if (error instanceof ScenarioError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}
