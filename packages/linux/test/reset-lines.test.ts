import { describe, expect, test } from "vitest";
import { explainReset, RESET_CAUSES } from "../src/explain-reset.ts";
import { parseEndLine, parseResetLine } from "../src/parse-reset-line.ts";

describe("a line of the kernel's trace", () => {
  test("of a sent reset", () => {
    expect(
      parseResetLine(
        "            node-4242    [001] b.s2.  3159.293578: tcp_send_reset: skbaddr=00000000f0e1 skaddr=000000001b src=198.18.0.1:80 dest=198.18.1.1:40000 state=TCP_CLOSE reason=TCP_ABORT_ON_CLOSE",
      ),
    ).toEqual({
      atMs: 3_159_293.578,
      direction: "sent",
      source: "198.18.0.1",
      sourcePort: 80,
      destination: "198.18.1.1",
      destinationPort: 40_000,
      state: "CLOSE",
      reason: "TCP_ABORT_ON_CLOSE",
    });
  });

  test("of a kernel before 6.10, which gives no reason", () => {
    expect(
      parseResetLine(
        " <idle>-0 [000] ..s1. 12.000001: tcp_send_reset: skbaddr=0 skaddr=0 src=[2001:2::1]:80 dest=[2001:2::1:1]:40000 state=TCP_LISTEN",
      ),
    ).toMatchObject({
      source: "2001:2::1",
      destination: "2001:2::1:1",
      state: "LISTEN",
      reason: null,
    });
  });

  test("of what a listener answers, of which the kernel does not say to whom", () => {
    expect(
      parseResetLine(
        " <idle>-0 [000] ..s1. 12.000001: tcp_send_reset: skbaddr=0 skaddr=0 src=198.18.0.1:80 dest=0.0.0.0:0 state=TCP_LISTEN reason=TCP_FLAGS",
      ),
    ).toMatchObject({ sourcePort: 80, destination: null, destinationPort: null });
  });

  test("of a received reset over IPv6, and over IPv4 on a dual-stack socket", () => {
    const received = (fields: string) =>
      parseResetLine(`a-1 [000] d..2. 1.500000: tcp_receive_reset: ${fields} sock_cookie=1f`);
    expect(
      received(
        "family=AF_INET6 sport=40000 dport=80 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=2001:2::1:1 daddrv6=2001:2::1",
      ),
    ).toMatchObject({ direction: "received", source: "2001:2::1:1", sourcePort: 40_000 });
    expect(
      received(
        "family=AF_INET6 sport=40000 dport=80 saddr=198.18.1.1 daddr=198.18.0.1 saddrv6=::ffff:198.18.1.1 daddrv6=::ffff:198.18.0.1",
      ),
    ).toMatchObject({ source: "198.18.1.1", destination: "198.18.0.1" });
  });

  test("of the end of a socket tells the state that it was in", () => {
    expect(
      parseEndLine(
        " <idle>-0 [001] ..s2. 1.500000: inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=40000 dport=80 saddr=198.18.1.1 daddr=198.18.0.1 saddrv6=::ffff:198.18.1.1 daddrv6=::ffff:198.18.0.1 oldstate=TCP_ESTABLISHED newstate=TCP_CLOSE",
      ),
    ).toEqual({
      source: "198.18.1.1",
      sourcePort: 40_000,
      destination: "198.18.0.1",
      destinationPort: 80,
      state: "ESTABLISHED",
    });
  });

  test.each([
    "",
    "CPU:1 [LOST 17 EVENTS]",
    "a-1 [000] d..2. 1.500000: tcp_probe: src=198.18.0.1:80",
    "a-1 [000] d..2. 1.500000: tcp_send_reset: something new",
  ])("that is something else is passed over: %j", (line) => {
    expect(parseResetLine(line)).toBeUndefined();
    expect(parseEndLine(line)).toBeUndefined();
  });
});

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
