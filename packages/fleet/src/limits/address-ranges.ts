import { BlockList, isIP } from "node:net";

/** A range of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3). */
export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

const PREFIX_MAX = { ipv4: 32, ipv6: 128 } as const;

/** Reads `198.18.0.0/15`, `2001:db8::/32`, or a single address; null when the text is neither. */
export function parseAddressRange(text: string): AddressRange | null {
  const [address = "", prefixText, ...rest] = text.split("/");
  const family = familyOf(address);
  if (family === null || rest.length > 0) return null;
  if (prefixText === undefined) return { address, prefix: PREFIX_MAX[family], family };
  const prefix = Number(prefixText);
  if (!/^\d{1,3}$/.test(prefixText) || prefix > PREFIX_MAX[family]) return null;
  return { address, prefix, family };
}

/**
 * Whether an address lies in one of the ranges. An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address,
 * as it is to connect(2). A name is in no range: what it means may change after the check.
 */
export function isInRanges(host: string, ranges: readonly AddressRange[]): boolean {
  const family = familyOf(host);
  if (family === null) return false;
  const list = new BlockList();
  for (const range of ranges) list.addSubnet(range.address, range.prefix, range.family);
  return list.check(host, family);
}

/** A scope (`fe80::1%eth0`) names an interface of one host, so such an address is none here. */
function familyOf(address: string): AddressRange["family"] | null {
  if (address.includes("%")) return null;
  switch (isIP(address)) {
    case 4:
      return "ipv4";
    case 6:
      return "ipv6";
    default:
      return null;
  }
}
