import { describe, expect, test } from "vitest";
import { explainReset, RESET_CAUSES } from "../src/explain-reset.ts";

describe("the cause of a reset", () => {
  test.each([
    [null, "CLOSE", "unknown"],
    ["NOT_SPECIFIED", "CLOSE", "unknown"],
    ["A_REASON_OF_THE_FUTURE", null, "unknown"],
    ["TCP_STATE", null, "unknown"],
    ["TCP_STATE", "CLOSE", "hard-close"],
    ["TCP_STATE", "ESTABLISHED", "killed"],
    ["INVALID_SYN", "LISTEN", "unknown"],
    ["MPTCP_RST_EMIDDLEBOX", "CLOSE", "multipath"],
  ])("of reason %s in state %s is %s", (reason, state, cause) => {
    expect(explainReset({ reason, state })).toBe(cause);
  });

  test.each([
    ["LISTEN", true, "accept-queue-full"],
    ["LISTEN", false, "unknown"],
    ["ESTABLISHED", true, "unknown"],
  ])("of INVALID_SYN in %s, with an overflow that aborts %s, is %s", (...row) => {
    const [state, overflowAborted, cause] = row;
    expect(explainReset({ reason: "INVALID_SYN", state, overflowAborted })).toBe(cause);
  });

  test("has words for each", () => {
    expect(Object.values(RESET_CAUSES).every((words) => words.endsWith("."))).toBe(true);
  });
});
