import { ChurnError } from "@churnlab/core";
import { REPORT_FORMATS, type ReportFormat } from "./report-formats.ts";

/** One report a run writes besides what it prints. */
export interface Reporter {
  readonly format: ReportFormat;
  /** null: stdout, or for `github` the places that GitHub names in the environment. */
  readonly file: string | null;
}

/** Reads `junit=results.xml`, `ndjson=-`, `github`. Throws `E_USAGE`. */
export function parseReporter(text: string): Reporter {
  const [name = "", ...rest] = text.split("=");
  const file = rest.join("=");
  const format = REPORT_FORMATS.find((known) => known === name);
  if (format === undefined) {
    throw new ChurnError("E_USAGE", `There is no reporter "${name}"`, {
      hint: `Name one of ${REPORT_FORMATS.join(", ")}, as in --reporter junit=results.xml.`,
    });
  }
  if (file !== "" && format === "github") {
    throw new ChurnError("E_USAGE", "The reporter github takes no file", {
      hint: "Write --reporter github: the summary goes to the file that GITHUB_STEP_SUMMARY names.",
    });
  }
  if (file === "" && format !== "github") {
    throw new ChurnError("E_USAGE", `The reporter ${format} needs a file`, {
      hint: `Write --reporter ${format}=FILE, or ${format}=- for stdout.`,
    });
  }
  return { format, file: file === "" || file === "-" ? null : file };
}
