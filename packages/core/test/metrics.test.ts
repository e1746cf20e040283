import { describe, expect, test } from "vitest";
import { ERRNO } from "../src/errno.ts";
import { LATENCY_METRICS } from "../src/histogram.ts";
import { describeMetric, METRIC_CLASSES, METRICS } from "../src/metrics.ts";

describe("the table of metrics", () => {
  test("names each once, with a class, a unit, a role and a sentence", () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
    for (const metric of METRICS) {
      expect(METRIC_CLASSES).toContain(metric.class);
      expect(metric.unit).not.toBe("");
      expect(metric.roles.length).toBeGreaterThan(0);
      expect(metric.meaning).toMatch(/^[A-Z0-9a-z].*\.$/);
    }
  });

  test("finds every metric by its own name, and a pattern by what it stands for", () => {
    for (const { name } of METRICS) {
      expect(describeMetric(name.replace("*", "anything"))?.name).toBe(name);
    }
  });
});

describe("a metric", () => {
  test.each(Object.keys(ERRNO))("failures.%s is a count, and less is better", (errno) => {
    expect(describeMetric(`failures.${errno}`)).toMatchObject({ class: "count", better: "lower" });
  });

  test.each(LATENCY_METRICS)("latency.%s has a middle and a tail", (latency) => {
    expect(describeMetric(`latency.${latency}.p50`)?.class).toBe("latency-middle");
    for (const quantile of ["p90", "p99", "p999", "max"]) {
      expect(describeMetric(`latency.${latency}.${quantile}`)?.class).toBe("latency-tail");
    }
  });

  test.each([
    ["tcp.ActiveOpens", "neither"],
    ["tcp.RetransSegs", "lower"],
    ["tcpext.TW", "neither"],
    ["tcpext.ListenOverflows", "lower"],
    ["tcpext.TCPTimeWaitOverflow", "lower"],
  ])("%s is judged %s", (name, better) => expect(describeMetric(name)?.better).toBe(better));

  test.each([
    "",
    "failures.",
    "failures",
    "connections",
    "latency.connect",
    "latency..p50",
    "Tcp.OutRsts",
    "client.rst.sent",
  ])("%j does not exist", (name) => expect(describeMetric(name)).toBeNull());
});
