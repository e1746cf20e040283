import { expect, test } from "vitest";
import { FREE, OPENING, SlotTable } from "../../src/slots/slot-table.ts";

test("columns grow with the slots, and keep what is in them", () => {
  const table = new SlotTable(5000);
  for (let i = 0; i < 5000; i++) {
    const slot = table.take();
    table.state[slot] = OPENING;
    table.openedAtMs[slot] = slot / 3;
  }
  expect(table.take()).toBe(-1);
  expect(table.live).toBe(5000);
  const columns = [...Array(5000).keys()];
  expect(columns.every((slot) => table.openedAtMs[slot] === slot / 3)).toBe(true);
  table.giveBack(7);
  expect(table.live).toBe(4999);
  expect(table.state[7]).toBe(FREE);
  expect(table.take()).toBe(7);
});

test("a connection takes about 60 bytes", () => {
  const table = new SlotTable(4096);
  for (let i = 0; i < 4096; i++) table.take();
  const columns = Object.values(table).filter((value) => ArrayBuffer.isView(value));
  const bytes = columns.reduce((total, column) => total + column.byteLength, 0);
  expect(bytes / 4096).toBeLessThanOrEqual(64);
});
