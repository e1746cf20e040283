/** What a run can be written as. Stands alone, as the command tree names them and loads nothing else. */
export const REPORT_FORMATS = [
  "html",
  "junit",
  "markdown",
  "ndjson",
  "json",
  "csv",
  "openmetrics",
  "benchmark-smaller",
  "benchmark-bigger",
  "hgrm",
  "github",
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Those of a stored run; `github` annotates the job that ran it. */
export const EXPORT_FORMATS: readonly Exclude<ReportFormat, "github">[] = REPORT_FORMATS.filter(
  (format) => format !== "github",
);
