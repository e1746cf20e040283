import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareFingerprints } from "../src/compare-fingerprints.ts";

const facts = {
  "kernel.release": "6.18.44",
  "cpu.count": "4",
  "client.net.ipv4.tcp_tw_reuse": "2",
  "client.net.ipv4.tcp_timestamps": "1",
};

test("equal environments are comparable", () => {
  expect(compareFingerprints(facts, { ...facts })).toEqual({ comparable: true, differences: [] });
});

test.each([
  ["a changed kernel", { "kernel.release": "6.1.0" }],
  ["a changed CPU count", { "cpu.count": "2" }],
  ["an undeclared sysctl", { "client.net.ipv4.tcp_timestamps": "0" }],
  ["a fact that only one side knows", { virtualisation: "kvm" }],
])("%s forbids a verdict", (_, change) => {
  const { comparable, differences } = compareFingerprints(facts, { ...facts, ...change });
  expect(comparable).toBe(false);
  expect(differences.map(({ key }) => key)).toEqual(Object.keys(change));
});

test("what the scenario varies is listed and excused", () => {
  const candidate = { ...facts, "client.net.ipv4.tcp_tw_reuse": "1" };
  const varying = ["client.net.ipv4.tcp_tw_reuse"];
  expect(compareFingerprints(facts, candidate, { varying })).toEqual({
    comparable: true,
    differences: [
      { key: "client.net.ipv4.tcp_tw_reuse", baseline: "2", candidate: "1", excuse: "varies" },
    ],
  });
});

test("a person may allow a key, or all keys under its first segments, and no others", () => {
  const candidate = { ...facts, "kernel.release": "6.1.0", "cpu.count": "2" };
  expect(compareFingerprints(facts, candidate, { allow: ["kernel", "cpu.count"] }).comparable).toBe(
    true,
  );
  expect(compareFingerprints(facts, candidate, { allow: ["kernel"] }).comparable).toBe(false);
  expect(compareFingerprints(facts, candidate, { allow: ["kern", "cpu"] }).comparable).toBe(false);
});

test("comparing is symmetric, and a key named like a property of every object is only a key", () => {
  const some = fc.dictionary(
    fc.constantFrom("a", "b", "constructor", "__proto__x"),
    fc.constantFrom("1", "2"),
  );
  fc.assert(
    fc.property(some, some, (a, b) => {
      const there = compareFingerprints(a, b);
      const back = compareFingerprints(b, a);
      expect(there.comparable).toBe(back.comparable);
      expect(there.differences.map(({ key }) => key)).toEqual(
        back.differences.map(({ key }) => key),
      );
      expect(compareFingerprints(a, { ...a }).comparable).toBe(true);
    }),
  );
});
