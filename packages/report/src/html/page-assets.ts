import { readFileSync } from "node:fs";
import { ChurnError } from "@churnlab/core";

/** What the build made of `src/browser` and the styles: see `scripts/build-browser.mjs`. */
export const ASSET_NAMES = ["report.js", "dashboard.js", "page.css"] as const;
export type AssetName = (typeof ASSET_NAMES)[number];

/** The text of a built asset; the same file whether this runs from `src` or `dist`. Throws `E_PLATFORM`. */
export function readAsset(name: AssetName): string {
  try {
    return readFileSync(new URL(`../../dist/assets/${name}`, import.meta.url), "utf8");
  } catch (cause) {
    throw new ChurnError(
      "E_PLATFORM",
      `The part of churnlab that runs in browsers is not built (${name})`,
      {
        hint: "Run `npm run build`.",
        cause,
      },
    );
  }
}
