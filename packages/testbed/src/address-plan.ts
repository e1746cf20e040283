/** Benchmark addresses: RFC 2544 sets 198.18.0.0/15 aside for what never leaves a laboratory. */
const FIRST = (198 << 24) | (18 << 16);
const BLOCKS = 512;
const BLOCK_SIZE = 256;

/** Addresses of the hosts of a testbed's trials. */
export interface AddressPlan {
  readonly target: string;
  readonly upstream: string;
  /** Client number `index`, from 0. */
  client(index: number): string;
  /** Every address of the block. */
  readonly all: readonly string[];
}

/**
 * One block of 256 addresses of the 512 in 198.18.0.0/15. Namespaces are private, so trials could share addresses; but the
 * kernel's trace events name no namespace, and processes that run at the same time (with other `key`s, such as their
 * process ids) are told apart by their addresses there.
 */
export function planAddresses(key: number): AddressPlan {
  const base = FIRST + (key % BLOCKS) * BLOCK_SIZE;
  return {
    target: format(base + 1),
    upstream: format(base + 2),
    client: (index) => format(base + 3 + index),
    all: Array.from({ length: BLOCK_SIZE }, (_, i) => format(base + i)),
  };
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}
