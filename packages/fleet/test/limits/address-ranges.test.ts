import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isInRanges, parseAddressRange } from "../../src/limits/address-ranges.ts";

/** The same arithmetic by whole numbers: an address is in a range when their first `prefix` bits are equal. */
const WIDTH = { ipv4: 32, ipv6: 128 } as const;

const families = fc.constantFrom("ipv4", "ipv6");

/** A range, an address that shares `common` leading bits with it at least, and both as whole numbers. */
const cases = families.chain((family) => {
  const width = WIDTH[family];
  const bits = fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n });
  return fc.record({
    family: fc.constant(family),
    base: bits,
    other: bits,
    prefix: fc.integer({ min: 0, max: width }),
    common: fc.integer({ min: 0, max: width }),
  });
});

test("an address is in a range exactly when their first prefix bits are equal", () => {
  let inside = 0;
  fc.assert(
    fc.property(cases, ({ family, base, other, prefix, common }) => {
      const width = WIDTH[family];
      const low = (1n << BigInt(width - common)) - 1n;
      const address = (base & ~low) | (other & low);
      const expected = address >> BigInt(width - prefix) === base >> BigInt(width - prefix);
      const range = required(`${format(base, family)}/${prefix}`);
      expect(isInRanges(format(address, family), [range])).toBe(expected);
      if (expected) inside += 1;
    }),
    { numRuns: 500 },
  );
  expect(inside).toBeGreaterThan(50);
});

test("an IPv4 address written inside IPv6 is judged as the IPv4 address that connect would reach", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffffn }), (bits) => {
      const plain = format(bits, "ipv4");
      const ranges = [required("198.18.0.0/15"), required("127.0.0.0/8")];
      expect(isInRanges(`::ffff:${plain}`, ranges)).toBe(isInRanges(plain, ranges));
    }),
  );
  expect(isInRanges("::ffff:198.18.0.1", [required("198.18.0.0/15")])).toBe(true);
  expect(isInRanges("::ffff:8.8.8.8", [required("198.18.0.0/15")])).toBe(false);
});

test.each(["example.org", "", "198.18.0.1 ", "198.18.1", "0x7f.1", "fe80::1%eth0", "localhost"])(
  "%j is in no range, not even in that of everything",
  (host) => {
    expect(isInRanges(host, [required("0.0.0.0/0"), required("::/0")])).toBe(false);
  },
);

test.each([
  "198.18.0.0/33",
  "::/129",
  "198.18.0.0/",
  "198.18.0.0/-1",
  "a/8",
  "1.2.3.4/8/8",
  "::/1e1",
])("%j is no range", (text) => {
  expect(parseAddressRange(text)).toBeNull();
});

test("a single address is the range of itself", () => {
  expect(isInRanges("192.0.2.1", [required("192.0.2.1")])).toBe(true);
  expect(isInRanges("192.0.2.2", [required("192.0.2.1")])).toBe(false);
});

function required(text: string): NonNullable<ReturnType<typeof parseAddressRange>> {
  const range = parseAddressRange(text);
  if (range === null) throw new Error(`${text} is no range`);
  return range;
}

function format(bits: bigint, family: "ipv4" | "ipv6"): string {
  if (family === "ipv4") return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bits >> BigInt(112 - 16 * i)) & 0xffffn);
  return groups.map((group) => group.toString(16)).join(":");
}
