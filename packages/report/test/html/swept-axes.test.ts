import { parseScenario } from "@churnlab/core";
import { expect, it } from "vitest";
import { findSweptAxes, nameAxis, numberOf } from "../../src/html/swept-axes.ts";
import { MATRIX, TW_REUSE } from "../fixtures/scenarios.ts";

function axesOf(text: string): ReturnType<typeof findSweptAxes> {
  return findSweptAxes({ variantList: parseScenario(text, "scenario.yaml").variants });
}

it("a matrix is a sweep over its axes", () => {
  const axes = axesOf(MATRIX);
  expect(
    axes
      .map((axis) => [nameAxis(axis), axis.values.length])
      .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
  ).toEqual([
    ["ip_local_port_range", 5],
    ["ratePerS", 4],
  ]);
});

it("two alternatives are no sweep, nor are variants that span no grid", () => {
  expect(axesOf(TW_REUSE)).toEqual([]);
  const diagonal = `${TW_REUSE.split("variants:")[0]}variants:
  - { name: a, sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } } }
  - { name: b, sysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } }, workload: { close: rst } }
  - { name: c, sysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } }, workload: { closer: server } }
`;
  expect(axesOf(diagonal)).toEqual([]);
});

it("a port range is as much as it has ports", () => {
  expect(numberOf("30000 32047")).toBe(2048);
  expect(numberOf("32768\t60999")).toBe(28_232);
  expect(numberOf("12.5")).toBe(12.5);
  expect(numberOf("cubic")).toBeNull();
  expect(numberOf("")).toBeNull();
});
