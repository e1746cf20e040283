import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { encodeSeries } from "../charts/encode-series.ts";
import { escapeText } from "../charts/escape-text.ts";
import type { ReportData } from "./report-data.ts";
import { renderReportBody, titleOf } from "./report-page.ts";

export interface ReportAssets {
  readonly script: string;
  readonly style: string;
}

/**
 * A report as one HTML document that needs nothing but itself. Its content security policy allows the one script and the
 * one style sheet by their hashes, and no connection to anywhere. Without scripts every number and figure is still there.
 */
export function renderReport(data: ReportData, { script, style }: ReportAssets): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const series = gzipSync(encodeSeries(data.series.trials), { level: 6 }).toString("base64");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="churnlab ${escapeText(data.run.churnlabVersion)}">
<title>${escapeText(titleOf(data))}</title>
<style>${style}</style>
</head>
<body>
${renderReportBody(data)}
<script type="application/octet-stream" id="series">${series}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
