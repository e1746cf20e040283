import type { Locator } from "playwright-core";

/** Straight lines in the colours of warnings and failures, from side to side and from top to bottom of a picture. */
export interface DrawnLines {
  readonly across: number;
  readonly down: number;
}

/** So much of a row or a column is a dashed or dotted line; of letters that stand in it, much less is. */
const SHARE_MIN = 0.2;
/** Of 255: by how much more red than blue a pixel is that a warning or a failure has coloured, also in part. */
const WARMTH_MIN = 30;

/** Counts the bounds and markers that a chart shows, in the pixels of its plot area without the scales beside it. */
export async function countDrawnLines(plot: Locator): Promise<DrawnLines> {
  const png = (await plot.screenshot({ animations: "disabled" })).toString("base64");
  const { rows, columns } = await plot.page().evaluate(
    async ({ data, warmthMin }) => {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext("2d");
      if (context === null) throw new Error("no canvas");
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, width, height).data;
      const warm = { rows: Array<number>(height).fill(0), columns: Array<number>(width).fill(0) };
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = 4 * (y * width + x);
          if ((pixels[at] ?? 0) - (pixels[at + 2] ?? 0) < warmthMin) continue;
          warm.rows[y] = (warm.rows[y] ?? 0) + 1 / width;
          warm.columns[x] = (warm.columns[x] ?? 0) + 1 / height;
        }
      }
      return warm;
    },
    { data: png, warmthMin: WARMTH_MIN },
  );
  return { across: countRuns(rows), down: countRuns(columns) };
}

/** A line may be two pixels wide. */
function countRuns(shares: readonly number[]): number {
  return shares.filter((share, i) => share >= SHARE_MIN && (shares[i - 1] ?? 0) < SHARE_MIN).length;
}
