import { describe, expect, it } from "vitest";
import { PortMarks } from "../src/port-marks.ts";
import { portsOf } from "./fakes/fake-world.ts";

function kinds(marks: PortMarks, used: number): string[] {
  return marks.judge("client", portsOf(used, 100)).map(({ kind }) => kind);
}

describe("PortMarks", () => {
  it("reports a mark once when it is crossed and once when use falls below it", () => {
    const marks = new PortMarks();
    expect(kinds(marks, 49)).toEqual([]);
    expect(kinds(marks, 50)).toEqual(["ports.half"]);
    expect(kinds(marks, 60)).toEqual([]);
    expect(kinds(marks, 95)).toEqual(["ports.nearly-exhausted"]);
    expect(kinds(marks, 10)).toEqual(["ports.half.over", "ports.nearly-exhausted.over"]);
  });

  it("asks for a look only while a mark that is not crossed could have been", () => {
    const marks = new PortMarks();
    expect(marks.mayHaveCrossed(49, 100)).toBe(false);
    expect(marks.mayHaveCrossed(50, 100)).toBe(true);
    marks.judge("client", portsOf(60, 100));
    expect(marks.mayHaveCrossed(60, 100)).toBe(false);
    expect(marks.mayHaveCrossed(90, 100)).toBe(true);
  });

  it("has nothing to say about an empty range", () => {
    expect(new PortMarks().judge("client", portsOf(0, 0))).toEqual([]);
  });
});
