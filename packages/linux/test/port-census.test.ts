import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PortCensus } from "../src/port-census.ts";

interface Socket {
  readonly state: number;
  readonly localPort: number;
  readonly destination: number;
  readonly destinationPort: number;
}

/** One answer of inet_diag as the kernel lays it out: 4 words of header, then struct inet_diag_msg. */
function encode(socket: Socket): Uint32Array {
  const bytes = Buffer.alloc(88);
  bytes[16] = 2;
  bytes[17] = socket.state;
  bytes.writeUInt16BE(socket.localPort, 20);
  bytes.writeUInt16BE(socket.destinationPort, 22);
  bytes.set([198, 18, 1, 1], 24);
  bytes.writeUInt32BE(0xc612_0000 + socket.destination, 40);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, 22);
}

const sockets = fc.array(
  fc.record({
    state: fc.integer({ min: 1, max: 11 }),
    localPort: fc.integer({ min: 39_990, max: 40_030 }),
    destination: fc.nat(300),
    destinationPort: fc.constantFrom(80, 443),
  }),
  { maxLength: 600 },
);

describe("a census of sockets", () => {
  test("counts as a plain map counts, for any number of destinations", () => {
    fc.assert(
      fc.property(sockets, (list) => {
        const census = new PortCensus({ low: 40_000, high: 40_020 });
        census.setListeningPorts([40_005]);
        census.begin();
        for (const socket of list) census.visit(encode(socket), 0);
        const outbound = list.filter(
          ({ localPort }) => localPort >= 40_000 && localPort <= 40_020 && localPort !== 40_005,
        );
        const expected = new Map<string, number>();
        for (const { destination, destinationPort } of outbound) {
          const key = `198.18.${destination >> 8}.${destination & 255}:${destinationPort}`;
          expected.set(key, (expected.get(key) ?? 0) + 1);
        }
        const counted = census
          .busiest(1000)
          .map(({ destination, destinationPort, ports }) => [
            `${destination}:${destinationPort}`,
            ports,
          ]);
        expect(new Map(counted as [string, number][])).toEqual(expected);
        expect(census.portsUsed).toBe(new Set(outbound.map(({ localPort }) => localPort)).size);
        expect(census.busiest(1)[0]?.ports ?? 0).toBe(Math.max(0, ...expected.values()));
        expect(census.destinations).toBe(expected.size);
        const total = Object.values(census.states()).reduce((sum, count) => sum + count, 0);
        expect(total).toBe(list.length);
      }),
    );
  });

  test("forgets the last dump when the next begins", () => {
    const census = new PortCensus({ low: 1, high: 65_535 });
    census.begin();
    census.visit(encode({ state: 6, localPort: 5, destination: 1, destinationPort: 80 }), 0);
    census.begin();
    expect([census.states(), census.portsUsed, census.busiest(9)]).toEqual([{}, 0, []]);
  });

  test("says how many sockets belong to destinations beyond its bound", () => {
    const census = new PortCensus({ low: 1, high: 65_535 });
    census.begin();
    for (let destination = 0; destination < 65_546; destination += 1) {
      census.visit(encode({ state: 1, localPort: 9, destination, destinationPort: 80 }), 0);
    }
    expect(census.omitted).toBe(10);
    expect(census.describeOmitted()).toMatch(/^10 sockets are left out of the port budget/);
    census.begin();
    expect(census.describeOmitted()).toBeNull();
    for (let destination = 0; destination < 65_546; destination += 1) {
      census.visit(encode({ state: 1, localPort: 9, destination, destinationPort: 80 }), 0);
    }
    expect(census.states()).toEqual({ ESTABLISHED: 65_546 });
  });
});
