import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shortLabels } from "../src/expand-matrix.ts";
import { parse, scenarioText } from "./fixtures/scenario-texts.ts";

const variantsOf = (more: string) => parse(scenarioText(more)).variants;

describe("a matrix", () => {
  test("makes every combination, the last axis changing fastest, the first the baseline", () => {
    const variants = variantsOf(
      "matrix: { sysctls.client.net.ipv4.tcp_tw_reuse: [0, 1], workload.closer: [client, server] }",
    );
    expect(variants.map(({ name, baseline }) => [name, baseline])).toEqual([
      ["tw_reuse=0,closer=client", true],
      ["tw_reuse=0,closer=server", false],
      ["tw_reuse=1,closer=client", false],
      ["tw_reuse=1,closer=server", false],
    ]);
    expect(variants.map(({ spec }) => [spec.sysctls.client, spec.workload.closer])).toEqual([
      [{ "net.ipv4.tcp_tw_reuse": "0" }, "client"],
      [{ "net.ipv4.tcp_tw_reuse": "0" }, "server"],
      [{ "net.ipv4.tcp_tw_reuse": "1" }, "client"],
      [{ "net.ipv4.tcp_tw_reuse": "1" }, "server"],
    ]);
  });

  test("multiplies explicit variants, whose baseline stays the baseline", () => {
    const variants = variantsOf(
      "variants: [{ name: a }, { name: b, baseline: true }]\nmatrix: { workload.close: [fin, rst] }",
    );
    expect(variants.map(({ name, baseline }) => [name, baseline])).toEqual([
      ["a,close=fin", false],
      ["a,close=rst", false],
      ["b,close=fin", true],
      ["b,close=rst", false],
    ]);
  });

  test("names ranges and whole sections in one word", () => {
    const variants = variantsOf(
      'matrix: { sysctls.client.net.ipv4.ip_local_port_range: ["1024 65535"], ' +
        "workload.arrival: [{ connections: 4 }, { rate: 5/s }] }",
    );
    expect(variants.map(({ name }) => name)).toEqual([
      "port_range=1024-65535,arrival=connections:4",
      "port_range=1024-65535,arrival=rate:5/s",
    ]);
    expect(variants.map(({ spec }) => spec.workload.arrival.model)).toEqual(["closed", "open"]);
  });

  test("keeps names apart that would be the same", () => {
    const variants = variantsOf("matrix: { workload.closer: [client, client] }");
    expect(variants.map(({ name }) => name)).toEqual(["closer=client", "closer=client#2"]);
  });

  test("of too many combinations is refused", () => {
    const axis = Array.from({ length: 17 }, (_, i) => i + 1).join(",");
    const matrix = `matrix: { workload.sources: [${axis}], target.backlog: [${axis}] }`;
    expect(() => variantsOf(matrix)).toThrow(/1 problem/);
  });

  test("has as many variants as the product of its axes, all with names of their own", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    const axes = ["target.backlog", "sysctls.client.net.core.somaxconn", "workload.thinkTime"];
    fc.assert(
      fc.property(sizes, (counts) => {
        const matrix = counts.map((count, axis) => {
          const values = Array.from({ length: count }, (_, i) => (axis === 2 ? `${i}ms` : i));
          return `"${axes[axis]}": [${values.join(",")}]`;
        });
        const names = variantsOf(`matrix: { ${matrix.join(",")} }`).map(({ name }) => name);
        expect(names).toHaveLength(counts.reduce((product, count) => product * count, 1));
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a short label", () => {
  test("takes as much of the path as tells it from the others", () => {
    const labels = shortLabels([
      ["sysctls", "client", "net.ipv4.tcp_tw_reuse"],
      ["sysctls", "target", "net.ipv4.tcp_tw_reuse"],
      ["sysctls", "client", "net.core.somaxconn"],
      ["workload", "closer"],
    ]);
    expect(labels).toEqual(["client.tw_reuse", "target.tw_reuse", "somaxconn", "closer"]);
  });
});
