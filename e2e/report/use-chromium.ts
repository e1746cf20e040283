import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { buildBrowserPart, launchChromium } from "./chromium.ts";

/**
 * One Chromium for the tests of a file, and the part of churnlab that runs in it up to date.
 * The first start after an install reads some hundred megabytes from the disk.
 */
export function useChromium(): Pick<Browser, "newContext"> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    buildBrowserPart();
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  return {
    newContext(options) {
      if (browser === undefined)
        throw new Error("Chromium starts before the first test, not before");
      return browser.newContext(options);
    },
  };
}
