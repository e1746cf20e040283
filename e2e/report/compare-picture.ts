import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";

const ROOT = path.resolve(import.meta.dirname, "../..");
const KEPT = path.join(import.meta.dirname, "pictures");
const ARTEFACTS = path.join(ROOT, ".cache/screenshots");

/** Pictures are compared as this many columns: fine enough for a line, too coarse for a font. */
const COLUMNS = 40;
/** Of 255, in any of red, green and blue: a cell that is further off shows something else. */
const CELL_OFF = 36;
/** So many cells may: letters of another font, an edge half a pixel further. */
const CELLS_OFF_MAX = 0.06;

interface Grid {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each cell, row by row. */
  readonly cells: readonly number[];
  /** The grid as a PNG, for people: base64. */
  readonly png: string;
}

/**
 * Compares an element with the kept picture of that name: null, or a sentence that says how much of it looks otherwise.
 * What it looks like is then in `.cache/screenshots`; `KEEP_PICTURES=1` keeps it as the picture to compare with, but
 * for those who expect another.
 */
export async function comparePicture(
  element: Locator,
  name: string,
  { keeps = true }: { readonly keeps?: boolean } = {},
): Promise<string | null> {
  const shot = await element.screenshot({ animations: "disabled" });
  const page = element.page();
  const seen = await shrink(page, shot.toString("base64"), null);
  const file = path.join(KEPT, `${name}.png`);
  if (keeps && process.env["KEEP_PICTURES"] !== undefined) {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(file, Buffer.from(seen.png, "base64"));
    return null;
  }
  mkdirSync(ARTEFACTS, { recursive: true });
  const artefact = path.join(ARTEFACTS, `${name}-seen.png`);
  if (!existsSync(file)) {
    writeFileSync(artefact, shot);
    return `no picture is kept of ${name}; it looks like ${artefact}`;
  }
  const kept = await shrink(page, readFileSync(file).toString("base64"), null);
  // Lines of text may wrap otherwise in another font: the same picture, a little higher or lower.
  const fitted =
    seen.height === kept.height ? seen : await shrink(page, shot.toString("base64"), kept.height);
  const stretched = Math.abs(seen.height - kept.height) / kept.height;
  const share = stretched > HEIGHT_OFF_MAX ? 1 : shareOff(fitted, kept);
  if (share <= CELLS_OFF_MAX) return null;
  writeFileSync(artefact, shot);
  return `${name} looks other than ${file}: ${(100 * share).toFixed(1)} % of its cells; see ${artefact}. KEEP_PICTURES=1 keeps the new look.`;
}

const HEIGHT_OFF_MAX = 0.15;

/** The share of cells in which two pictures differ. */
function shareOff(a: Pick<Grid, "cells">, b: Pick<Grid, "cells">): number {
  const count = b.cells.length / 3;
  let off = 0;
  for (let cell = 0; cell < count; cell++) {
    const isOff = [0, 1, 2].some((channel) => {
      const at = 3 * cell + channel;
      return Math.abs((a.cells[at] ?? 0) - (b.cells[at] ?? 0)) > CELL_OFF;
    });
    if (isOff) off++;
  }
  return off / count;
}

/** Scales a PNG down to cells of its mean colours, in the browser, which can read PNGs. */
async function shrink(page: Page, base64: string, height: number | null): Promise<Grid> {
  return await page.evaluate(
    async ({ data, columns, rows }) => {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = document.createElement("canvas");
      canvas.width = columns;
      canvas.height = rows ?? Math.max(1, Math.round((image.height / image.width) * columns));
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (context === null) throw new Error("no canvas");
      // Halving again and again takes the mean; one big step would only look at a few pixels.
      let source: ImageBitmap | HTMLCanvasElement = image;
      while (source.width / 2 > canvas.width && source.height / 2 > canvas.height) {
        const half = document.createElement("canvas");
        half.width = Math.ceil(source.width / 2);
        half.height = Math.ceil(source.height / 2);
        half.getContext("2d")?.drawImage(source, 0, 0, half.width, half.height);
        source = half;
      }
      context.imageSmoothingQuality = "high";
      context.drawImage(source, 0, 0, canvas.width, canvas.height);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
      return {
        width: canvas.width,
        height: canvas.height,
        cells: [...pixels].filter((_, i) => i % 4 !== 3),
        png: canvas.toDataURL("image/png").split(",")[1] ?? "",
      };
    },
    { data: base64, columns: COLUMNS, rows: height },
  );
}
