import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ErrnoName } from "../src/errno.ts";
import {
  addTallies,
  CONNECTION_STEPS,
  EMPTY_TALLY,
  type FailureRecord,
  findBrokenIdentities,
  mergeFailures,
  type Tally,
} from "../src/tally.ts";

const count = fc.nat(10_000);

const ledger = fc
  .record({ succeeded: count, failed: count, dropped: count })
  .map(({ succeeded, failed, dropped }) => ({
    intended: succeeded + failed + dropped,
    attempted: succeeded + failed,
    succeeded,
    failed,
    dropped,
  }));

/** Tallies whose counts add up. */
const tally: fc.Arbitrary<Tally> = fc
  .record({ connections: ledger, requests: ledger })
  .map(({ connections, requests }) => ({
    connections: { ...connections, established: connections.succeeded },
    requests,
  }));

const failure: fc.Arbitrary<FailureRecord> = fc
  .record({
    step: fc.constantFrom(...CONNECTION_STEPS),
    errno: fc.constantFrom<ErrnoName>("EADDRNOTAVAIL", "ECONNRESET", "ETIMEDOUT"),
    count: fc.integer({ min: 1, max: 1000 }),
    firstMs: fc.nat(1000),
    more: fc.nat(1000),
  })
  .map(({ more, ...record }) => ({ ...record, lastMs: record.firstMs + more }));

const failuresOf = (total: number): FailureRecord[] =>
  total === 0 ? [] : [{ step: "connect", errno: "ETIMEDOUT", count: total, firstMs: 0, lastMs: 1 }];

describe("adding tallies", () => {
  test("keeps every identity and every unit", () => {
    fc.assert(
      fc.property(fc.array(tally), (tallies) => {
        const total = addTallies(tallies);
        const failed = tallies.reduce((sum, { connections }) => sum + connections.failed, 0);
        expect(total.connections.failed).toBe(failed);
        expect(findBrokenIdentities(total, failuresOf(failed))).toEqual([]);
      }),
    );
  });

  test("does not depend on the order or the grouping", () => {
    fc.assert(
      fc.property(tally, tally, tally, (a, b, c) => {
        expect(addTallies([a, b, c])).toEqual(addTallies([addTallies([c, a]), b]));
      }),
    );
  });

  test("of none is empty", () => expect(addTallies([])).toEqual(EMPTY_TALLY));
});

describe("identities", () => {
  test.each([
    ["connections", "intended"],
    ["connections", "succeeded"],
    ["connections", "dropped"],
    ["connections", "failed"],
    ["requests", "intended"],
    ["requests", "succeeded"],
    ["requests", "failed"],
  ] as const)("are broken by one %s.%s too many", (side, field) => {
    fc.assert(
      fc.property(tally, (sound) => {
        const spoilt = { ...sound, [side]: { ...sound[side], [field]: sound[side][field] + 1 } };
        const broken = findBrokenIdentities(spoilt, failuresOf(sound.connections.failed));
        expect(broken.length).toBeGreaterThan(0);
        expect(broken[0]).toMatch(new RegExp(`^${side}: .* ≠ `));
      }),
    );
  });

  test("are broken by a failure without an errno", () => {
    fc.assert(
      fc.property(tally, (sound) => {
        const broken = findBrokenIdentities(sound, failuresOf(sound.connections.failed + 1));
        expect(broken).toHaveLength(1);
        expect(broken[0]).toMatch(/failed = sum over errnos/);
      }),
    );
  });
});

describe("merging failures", () => {
  test("adds the counts of each step and errno, and spans their times", () => {
    fc.assert(
      fc.property(fc.array(failure), (records) => {
        const merged = mergeFailures(records);
        const keys = merged.map(({ step, errno }) => `${step} ${errno}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const record of merged) {
          const same = records.filter(
            ({ step, errno }) => step === record.step && errno === record.errno,
          );
          expect(record.count).toBe(same.reduce((sum, { count: n }) => sum + n, 0));
          expect(record.firstMs).toBe(Math.min(...same.map(({ firstMs }) => firstMs)));
          expect(record.lastMs).toBe(Math.max(...same.map(({ lastMs }) => lastMs)));
        }
      }),
    );
  });

  test("orders by first occurrence and leaves its input alone", () => {
    fc.assert(
      fc.property(fc.array(failure), (records) => {
        const before = structuredClone(records);
        const times = mergeFailures(records).map(({ firstMs }) => firstMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(records).toEqual(before);
      }),
    );
  });
});
