import { describe, expect, it } from "vitest";
import {
  AGENT_NAME,
  agentSubjects,
  resultMessageId,
  resultSubject,
  VERBS,
  verbSubject,
} from "../src/index.ts";

const KEY = { agent: "a1", run: "r1", trial: 3, attempt: 1, seq: 0 };

describe("subjects", () => {
  it("gives every verb of an agent a subject below the agent's own", () => {
    const own = agentSubjects("a1").replace(">", "");
    for (const verb of VERBS) expect(verbSubject("a1", verb)).toBe(`${own}${verb}`);
  });

  it.each(["a.b", "a b", "*", ">", "", "x".repeat(65)])("has no agent named %j", (name) => {
    expect(AGENT_NAME.test(name)).toBe(false);
  });

  it("tells pieces of another attempt, trial, agent or run apart", () => {
    const others = [
      { seq: 1 },
      { attempt: 2 },
      { trial: 4 },
      { agent: "a2" },
      { run: "r2" },
      {},
    ].map((other) => ({ ...KEY, ...other }));
    expect(new Set(others.map((key) => resultMessageId(key, "u"))).size).toBe(others.length);
    expect(resultMessageId(KEY, "u")).not.toBe(resultMessageId(KEY, "v"));
    expect(new Set(others.map(resultSubject)).size).toBe(others.length);
  });
});
