import { describe, expect, test } from "vitest";
import { parseConntrackStatistics } from "../src/conntrack.ts";
import { CounterTable } from "../src/counter-table.ts";

const text = (lines: string[]): Buffer => Buffer.from(`${lines.join("\n")}\n`);

describe("a table of kernel counters", () => {
  test("is read by column name, wherever the section stands", () => {
    const table = new CounterTable("Tcp:", ["OutRsts", "ActiveOpens"]);
    table.parse(
      text([
        "Ip: A B",
        "Ip: 1 2",
        "Tcp: ActiveOpens MaxConn OutRsts",
        "Tcp: 7 -1 9",
        "Udp: X",
        "Udp: 3",
      ]),
    );
    expect([...table.values]).toEqual([9, 7]);
    expect(table.absent).toEqual([]);
  });

  test("names what this kernel lacks, and ignores what is new", () => {
    const table = new CounterTable("TcpExt:", ["TW", "TWKilled"]);
    table.parse(text(["TcpExt: TW BrandNew", "TcpExt: 5 6"]));
    expect([...table.values]).toEqual([5, Number.NaN]);
    expect(table.absent).toEqual(["TWKilled"]);
  });

  test("finds its columns again when the kernel's list changes", () => {
    const table = new CounterTable("TcpExt:", ["TW"]);
    table.parse(text(["TcpExt: TW", "TcpExt: 5"]));
    table.parse(text(["TcpExt: Inserted TW", "TcpExt: 8 6"]));
    expect([...table.values]).toEqual([6]);
  });

  test("is not misled by a section whose title ends the same", () => {
    const table = new CounterTable("TcpExt:", ["TW"]);
    table.parse(text(["MPTcpExt: TW", "MPTcpExt: 1", "TcpExt: TW", "TcpExt: 2"]));
    expect([...table.values]).toEqual([2]);
  });

  test("keeps the sign and every digit of large numbers", () => {
    const table = new CounterTable("Tcp:", ["MaxConn", "InSegs"]);
    table.parse(text(["Tcp: MaxConn InSegs", "Tcp: -1 9007199254740991"]));
    expect([...table.values]).toEqual([-1, Number.MAX_SAFE_INTEGER]);
  });

  test("says which section is not there", () => {
    expect(() => new CounterTable("Tcp:", ["TW"]).parse(text(["Ip: A", "Ip: 1"]))).toThrow("Tcp:");
  });
});

test("connection tracking statistics are hexadecimal and summed over processors, entries are not", () => {
  const { entries, sums } = parseConntrackStatistics(
    "entries  clashres drop\n0000000a  00000000 00000010\n0000000a  00000001 000000ff\n",
  );
  expect(entries).toBe(10);
  expect(sums["drop"]).toBe(271);
  expect(sums["clashres"]).toBe(1);
});
