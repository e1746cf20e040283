import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nameAgents, planFleet } from "../../src/init/plan-fleet.ts";
import { writeFleet } from "../../src/init/write-fleet.ts";
import { parseAgentFile } from "../../src/limits/agent-file.ts";
import { DEFAULT_LIMITS } from "../../src/limits/agent-limits.ts";

const NOW = new Date("2026-11-22T12:00:00Z");
const options = { agents: ["a", "b"], host: "lab.example", port: 4222, now: NOW };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-plan-fleet-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("the server's certificate names the host and loopback, and the authority signed it", () => {
  const { files, notAfter } = planFleet(options);
  const server = new X509Certificate(textOf(files, "server/tls/server.pem"));
  const { ca } = parseAgentFile(textOf(files, "agents/a.yaml"), "a.yaml");
  const authority = new X509Certificate(ca ?? "");
  expect(authority.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.checkHost("lab.example")).toBe("lab.example");
  expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(server.checkHost("other.example")).toBeUndefined();
  expect(server.validFromDate < NOW && server.validToDate.getTime() === notAfter.getTime()).toBe(
    true,
  );
});

test("an address as host is an address in the certificate", () => {
  const { files, url } = planFleet({ ...options, host: "2001:db8::7" });
  const server = new X509Certificate(textOf(files, "server/tls/server.pem"));
  expect(server.checkIP("2001:db8::7")).toBe("2001:db8::7");
  expect(url).toBe("tls://[2001:db8::7]:4222");
});

test.each([
  ["127.0.0.1", "127.0.0.1:4222"],
  ["127.0.0.2", "127.0.0.2:4222"],
  ["localhost", "127.0.0.1:4222"],
  ["::1", "[::1]:4222"],
  ["lab.example", "0.0.0.0:4222"],
  ["192.0.2.7", "0.0.0.0:4222"],
  ["2001:db8::7", "[::]:4222"],
])("for agents that reach it by %s the server listens on %s", (host, listen) => {
  const config = textOf(planFleet({ ...options, host }).files, "server/server.conf");
  expect(/^listen: "(.*)"$/m.exec(config)?.[1]).toBe(listen);
});

test("the key of the authority is in no file", () => {
  const keys = planFleet(options).files.filter(({ text }) => text.includes("PRIVATE KEY"));
  expect(keys.map((file) => file.path)).toEqual(["server/tls/server.key"]);
});

test("every agent has a key of its own, and the default limits with a bound for every amount", () => {
  const { files } = planFleet(options);
  const agents = ["a", "b"].map((name) =>
    parseAgentFile(textOf(files, `agents/${name}.yaml`), name),
  );
  expect(agents.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(new Set(agents.map(({ seed }) => seed)).size).toBe(2);
  const bounds = { ratePerS: 20_000, connections: 100_000, durationMs: 3_600_000 };
  expect(agents.map(({ limits }) => limits)).toEqual(
    ["a", "b"].map((file) => ({ ...DEFAULT_LIMITS, ...bounds, file })),
  );
  expect(textOf(files, "server/server.conf")).not.toContain(agents[0]?.seed);
});

test.each([
  [["controller"], "is taken"],
  [["system"], "is taken"],
  [["a", "a"], "is taken"],
  [["a.b"], "cannot be the name"],
  [["*"], "cannot be the name"],
  [[], "1 to 2000 agents"],
])("agents %j are refused", (agents, message) => {
  expect(() => planFleet({ ...options, agents })).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: expect.stringContaining(message) }),
  );
});

test("a number of agents is as many names, and no more than a fleet has", () => {
  expect(nameAgents(3)).toEqual(["agent-0", "agent-1", "agent-2"]);
  for (const count of [0, 2001, 1e12]) {
    expect(() => nameAgents(count)).toThrow(
      expect.objectContaining({ code: "E_USAGE", hint: expect.stringContaining("--agents") }),
    );
  }
});

test.each(["", "http://lab.example", "a b", "lab.example:4222", "-x"])(
  "%j is refused as a host",
  (host) => {
    expect(() => planFleet({ ...options, host })).toThrow(
      expect.objectContaining({ code: "E_USAGE" }),
    );
  },
);

test("a file that exists is kept, and then none is written", () => {
  writeFileSync(path.join(directory, "controller.yaml"), "mine");
  const { files } = planFleet(options);
  expect(() => writeFleet(directory, files, false)).toThrow(
    expect.objectContaining({ code: "E_OUTPUT", hint: expect.stringContaining("--force") }),
  );
  expect(readdirSync(directory)).toEqual(["controller.yaml"]);
});

test("forced, it is written over, and a secret that was open to all is not any more", () => {
  writeFileSync(path.join(directory, "controller.yaml"), "mine", { mode: 0o644 });
  writeFleet(directory, planFleet(options).files, true);
  expect(statSync(path.join(directory, "controller.yaml")).mode & 0o777).toBe(0o600);
  expect(readdirSync(path.join(directory, "agents"))).toEqual(["a.yaml", "b.yaml"]);
});

function textOf(files: readonly { path: string; text: string }[], wanted: string): string {
  const file = files.find((each) => each.path === wanted);
  if (file === undefined) throw new Error(`no file ${wanted}`);
  return file.text;
}
