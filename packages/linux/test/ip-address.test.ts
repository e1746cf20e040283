import { isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpAddress, parseIpAddress } from "../src/ip-address.ts";

describe("an IP address", () => {
  test.each([
    ["198.18.0.1", "c6120001"],
    ["2001:2::1", "20010002000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["fe80::", "fe800000000000000000000000000000"],
    ["2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
  ])("%s is the bytes %s", (text, hex) => {
    expect(Buffer.from(parseIpAddress(text)).toString("hex")).toBe(hex);
  });

  test("is written as RFC 5952 asks: lower case, the longest run of zeros cut, one group never cut", () => {
    expect(formatIpAddress(parseIpAddress("2001:DB8:0:0:1:0:0:1"))).toBe("2001:db8::1:0:0:1");
    expect(formatIpAddress(parseIpAddress("2001:db8:0:1:1:1:1:1"))).toBe("2001:db8:0:1:1:1:1:1");
    expect(formatIpAddress(parseIpAddress("0:0:0:0:0:0:0:0"))).toBe("::");
    expect(formatIpAddress(parseIpAddress("1::"))).toBe("1::");
  });

  test("that is IPv4 in IPv6 is shown as IPv4", () => {
    expect(formatIpAddress(parseIpAddress("::ffff:192.0.2.1"))).toBe("192.0.2.1");
  });

  test("survives being written and read", () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (values) => {
        const text = values.map((value) => value.toString(16)).join(":");
        const bytes = parseIpAddress(text);
        const written = formatIpAddress(bytes);
        if (written.includes(".")) return;
        expect(isIPv6(written)).toBe(true);
        expect(parseIpAddress(written)).toEqual(bytes);
      }),
    );
  });

  test.each(["", "1.2.3", "localhost", "1::2::3", "fe80::1%eth0x"])("is not %j", (text) => {
    expect(() => parseIpAddress(text)).toThrow("is not an IP address");
  });
});
