import { expect, it } from "vitest";
import { drawSparkline } from "../../src/text/draw-sparkline.ts";

const FRAME = { fromMs: 0, toMs: 8, most: 7, cells: 8 };

it("is as high as its values, from nothing to the most", () => {
  const tMs = [0, 1, 2, 3, 4, 5, 6, 7];
  expect(drawSparkline({ tMs, values: tMs }, FRAME)).toBe("▁▂▃▄▅▆▇█");
});

it("leaves a hole where nothing was sampled, and shows the highest where much was", () => {
  const tMs = [0, 0.2, 0.4, 0.6, 4, 5, 8];
  const values = [1, 7, 1, 2, null, undefined, 7];
  expect(drawSparkline({ tMs, values }, FRAME)).toBe("█      █");
});

it("has no gaps where samples are rarer than blocks", () => {
  const tMs = [0, 2, 4, 6];
  expect(drawSparkline({ tMs, values: [7, 0, 7, 0] }, FRAME)).toBe("█▁▁██▁▁ ");
});

it("is flat where all is zero", () => {
  expect(drawSparkline({ tMs: [0, 7], values: [0, 0] }, { ...FRAME, most: 0 })).toBe("▁▁▁▁▁▁▁▁");
});
