import type { StoreReader } from "@churnlab/store";

/**
 * The report of a run as one HTML file. What draws it is loaded when it is called, so that other commands do not wait for
 * it. Throws `E_RUN_UNKNOWN`, or `E_PLATFORM` where the browser part was not built.
 */
export async function buildReport(store: StoreReader, runId: string): Promise<string> {
  const [{ loadReportData }, { renderReport }, { readAsset }] = await Promise.all([
    import("./report-data.ts"),
    import("./render-report.ts"),
    import("./page-assets.ts"),
  ]);
  const data = loadReportData(store, runId);
  return renderReport(data, { script: readAsset("report.js"), style: readAsset("page.css") });
}
