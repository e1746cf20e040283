import { describe, expect, it } from "vitest";
import { readMeasurement } from "../../src/comparison/read-measurement.ts";
import { readCompleted } from "../../src/index.ts";

const onset = { role: "client", metric: "ports.first_exhausted_ms" } as const;

function read(values: Readonly<Record<string, number>>) {
  const measurements = Object.entries(values).map(([metric, value]) => {
    return { role: "client", metric, value } as const;
  });
  const [trial] = readCompleted([{ block: 0, state: "completed", measurements }]);
  return trial === undefined ? null : readMeasurement(trial, onset).kind;
}

describe("ports of which no trial says when they ran out", () => {
  it("never did where failures were counted and none was for want of a port", () => {
    expect(read({ "connections.failed": 0 })).toBe("never");
    expect(read({ "connections.failed": 2, "failures.ECONNRESET": 2 })).toBe("never");
  });

  it.each(["EADDRNOTAVAIL", "EADDRINUSE"])(
    "are not known to have lasted where %s was seen",
    (errno) => {
      expect(read({ "connections.failed": 2, [`failures.${errno}`]: 2 })).toBe("absent");
    },
  );

  it("are not known to have lasted where failures were not counted", () => {
    expect(read({ "connections.rate": 3 })).toBe("absent");
  });
});
