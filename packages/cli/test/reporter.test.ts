import { expect, test } from "vitest";
import { parseReporter } from "../src/reporter.ts";

test.each([
  ["junit=results.xml", { format: "junit", file: "results.xml" }],
  ["ndjson=-", { format: "ndjson", file: null }],
  ["github", { format: "github", file: null }],
])("%s is read", (text, reporter) => {
  expect(parseReporter(text)).toEqual(reporter);
});

test.each([
  ["junit", "needs a file"],
  ["github=summary.md", "takes no file"],
  ["xml=results.xml", 'no reporter "xml"'],
])("%s is refused: %s", (text, why) => {
  expect(() => parseReporter(text)).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: expect.stringContaining(why) }),
  );
});
