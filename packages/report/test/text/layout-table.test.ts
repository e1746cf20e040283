import { expect, test } from "vitest";
import { drawBar } from "../../src/text/draw-bar.ts";
import { fitLine } from "../../src/text/fit-line.ts";
import { layoutTable } from "../../src/text/layout-table.ts";

test("columns are as wide as their widest cell on a terminal, whatever the characters", () => {
  const lines = layoutTable(
    [
      { title: "name", align: "left" },
      { title: "n", align: "right" },
      { title: "", align: "left" },
    ],
    [["変種", "1"], { heading: "a heading may be longer than every column" }, ["x", "1 000", ""]],
  );
  expect(lines).toEqual([
    "name      n",
    "変種      1",
    "a heading may be longer than every column",
    "x     1 000",
  ]);
});

test("an escape code takes no place", () => {
  const [, coloured, plain] = layoutTable(
    [
      { title: "a", align: "left" },
      { title: "b", align: "left" },
    ],
    [
      ["\u001B[32m✓\u001B[39m", "x"],
      ["✓", "x"],
    ],
  );
  expect(coloured).toBe("\u001B[32m✓\u001B[39m  x");
  expect(plain).toBe("✓  x");
});

test.each([
  [0, "    "],
  [1, "████"],
  [0.5, "██  "],
  [1 / 32, "▏   "],
  [31 / 32, "███▉"],
  [2, "████"],
  [-1, "    "],
  [Number.NaN, "    "],
])("a bar of %d is drawn in eighths", (share, bar) => {
  expect(drawBar(share, 4)).toBe(bar);
});

test("a line is cut at a character, never within one", () => {
  expect(fitLine("abcdef", 6)).toBe("abcdef");
  expect(fitLine("abcdef", 4)).toBe("abc…");
  expect(fitLine("変種変種", 6)).toBe("変種…");
  expect(fitLine("abc", 0)).toBe("");
});

const WIDE = [
  { title: "metric", align: "left" },
  { title: "before", align: "right" },
  { title: "after", align: "right" },
] as const;
const WIDE_ROWS = [
  { heading: "a heading that is longer than the screen is no reason" },
  ["connections.rate", "256/s", "1 024/s"],
  ["", "0", "12"],
  ["failed", "", "3"],
];

test("the first column of a table wider than the screen has lines of its own", () => {
  expect(layoutTable(WIDE, WIDE_ROWS, 20)).toEqual([
    "metric",
    "  before    after",
    "a heading that is longer than the screen is no reason",
    "connections.rate",
    "   256/s  1 024/s",
    "       0       12",
    "failed",
    "                3",
  ]);
});

test("the other columns are on two lines where one has no room for them", () => {
  expect(layoutTable(WIDE, WIDE_ROWS, 16)).toEqual([
    "metric",
    "  before",
    "    after",
    "a heading that is longer than the screen is no reason",
    "connections.rate",
    "   256/s",
    "  1 024/s",
    "       0",
    "       12",
    "failed",
    "        3",
  ]);
});

test("on a still narrower screen every cell has, with the name of its column, and none is lost", () => {
  const columns = [
    ...WIDE,
    { title: "", align: "left" },
    { title: "more", align: "left" },
  ] as const;
  const rows = [
    { heading: "a heading" },
    ["connections.rate", "256/s", "1 024/s", "↑", "words"],
    ["", "0", "12", "", ""],
    ["failed", "", "3", "↓", ""],
  ];
  expect(layoutTable(columns, rows, 16)).toEqual([
    "metric",
    "a heading",
    "connections.rate  ↑",
    "  before  256/s",
    "  after   1 024/s",
    "  more    words",
    "",
    "  before  0",
    "  after   12",
    "failed  ↓",
    "  after   3",
  ]);
});

test("cells without any name are on a line each, too", () => {
  const columns = ["", "", ""].map((title) => ({ title, align: "left" }) as const);
  const rows = [["✓ pass", "a metric", "at most so much"]];
  expect(layoutTable(columns, rows, 16)).toEqual(["✓ pass", "  a metric", "  at most so much"]);
});
