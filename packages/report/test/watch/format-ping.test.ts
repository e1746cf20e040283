import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import {
  describePing,
  formatPingProbe,
  formatPingSummary,
  type PingProbe,
} from "../../src/watch/index.ts";

const TARGET = { host: "web", address: "198.18.0.2", port: 80, timeoutMs: 1000 };

function open(sequence: number, rttUs: number): PingProbe {
  return { sequence, answer: "open", rttUs, measuredBy: "kernel", errno: null, retransmitted: 0 };
}

function other(sequence: number, answer: PingProbe["answer"], errno: string): PingProbe {
  const rttUs = answer === "closed" ? 300 : null;
  const measuredBy = answer === "closed" ? "clock" : null;
  return { sequence, answer, rttUs, measuredBy, errno, retransmitted: 0 };
}

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(
    readFileSync(new URL("../../../../schema/ping.schema.json", import.meta.url), "utf8"),
  ) as object,
);

describe("a ping", () => {
  test("gives the times of open probes only, and the loss of those that were sent", () => {
    const ping = describePing(TARGET, [
      open(1, 100),
      open(2, 300),
      other(3, "closed", "ECONNREFUSED"),
      other(4, "filtered", "ETIMEDOUT"),
      other(5, "unsent", "EADDRNOTAVAIL"),
    ]);
    expect(ping).toMatchObject({ sent: 4, open: 2, closed: 1, filtered: 1, unsent: 1, loss: 0.25 });
    expect(ping.rttUs).toMatchObject({
      of: "open",
      measuredBy: "kernel",
      min: 100,
      median: 200,
      max: 300,
    });
    expect(validate(JSON.parse(JSON.stringify(ping)))).toBe(true);
  });

  test("counts a port that answers and then resets as open", () => {
    const probe = { ...open(1, 100), errno: "ECONNRESET" };
    expect(describePing(TARGET, [probe])).toMatchObject({ open: 1, unreachable: 0, loss: 0 });
    expect(formatPingProbe(probe, TARGET)).toMatch(/^open .*, then reset \(ECONNRESET\)$/);
  });

  test("has no times and no loss where there are none", () => {
    const nothing = describePing(TARGET, []);
    expect([nothing.loss, nothing.rttUs]).toEqual([null, null]);
    const silent = describePing(TARGET, [other(1, "filtered", "ETIMEDOUT")]);
    expect([silent.loss, silent.rttUs]).toEqual([1, null]);
    expect(validate(JSON.parse(JSON.stringify(silent)))).toBe(true);
  });

  test("says of each probe what came back, in a word, and how it is known", () => {
    const lines = [
      open(1, 52),
      other(2, "closed", "ECONNREFUSED"),
      other(3, "filtered", "ETIMEDOUT"),
      other(4, "unreachable", "EHOSTUNREACH"),
      other(5, "unsent", "EADDRNOTAVAIL"),
    ].map((probe) => formatPingProbe(probe, TARGET));
    expect(lines).toEqual([
      "open      SYN-ACK from 198.18.0.2:80: seq=1 time=52 µs",
      "closed    RST from 198.18.0.2:80: seq=2 time=300 µs by the clock (ECONNREFUSED)",
      "filtered  no answer from 198.18.0.2:80 within 1s: seq=3 (ETIMEDOUT)",
      "unreachable  198.18.0.2:80: seq=4 (EHOSTUNREACH)",
      "not sent  this host could not send a SYN: seq=5 (EADDRNOTAVAIL: no local port is left)",
    ]);
  });

  test("ends with counts and times", () => {
    const [, counts, times] = formatPingSummary(describePing(TARGET, [open(1, 40), open(2, 60)]));
    expect(counts).toBe("2 SYNs sent, 2 open, 0 closed, 0 filtered, loss 0 %");
    expect(times).toBe(
      "min/median/p99/max 40 µs / 50 µs / 59.8 µs / 60 µs, measured by the kernel (tcpi_rtt)",
    );
  });
});
