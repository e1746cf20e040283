import { type ComponentChildren, h, type JSX } from "preact";
import { render } from "preact-render-to-string";
import { escapeText } from "../../charts/escape-text.ts";

export interface PageInput {
  readonly title: string;
  /** The place in the navigation that the reader is at. */
  readonly at: "history" | "trend" | "live" | "none";
  /** As HTML. */
  readonly body: string;
  readonly script: "report.js" | "dashboard.js";
  /** Ids of the runs before and after the one that is shown. */
  readonly neighbours?: Neighbours;
  /** Data for the script, by the id of the element that carries it. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Neighbours {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A served page: its style and script are files of this server, so that its policy needs no exception. */
export function renderPage({ title, at, body, script, neighbours, data = {} }: PageInput): string {
  const scripts = Object.entries(data).map(
    ([id, value]) =>
      `<script type="application/json" id="${escapeText(id)}">${escapeJson(value)}</script>\n`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<link rel="stylesheet" href="/assets/page.css">
<link rel="icon" href="data:,">
<script src="/assets/${script}" defer></script>
</head>
<body>
${render(h(Navigation, { at, neighbours, hasTools: script === "dashboard.js" }))}
${body}
${scripts.join("")}</body>
</html>
`;
}

interface NavigationProps extends Pick<PageInput, "at"> {
  /** A report brings its own. */
  readonly hasTools: boolean;
  readonly neighbours: Neighbours | undefined;
}

function Navigation({ at, hasTools, neighbours }: NavigationProps): JSX.Element {
  return h(
    "nav",
    { class: "site", "aria-label": "churnlab" },
    h("span", { class: "brand" }, "churnlab"),
    h(NavigationLink, { href: "/", isHere: at === "history" }, "Runs"),
    h(NavigationLink, { href: "/trend", isHere: at === "trend" }, "Trend"),
    h(NavigationLink, { href: "/live", isHere: at === "live" }, "Live"),
    h(RunLink, { rel: "prev", runId: neighbours?.before }),
    h(RunLink, { rel: "next", runId: neighbours?.after }),
    hasTools
      ? h("div", {
          class: "page-tools",
          id: "page-tools",
          role: "search",
          "aria-label": "this page",
          hidden: true,
        })
      : null,
  );
}

interface NavigationLinkProps {
  readonly href: string;
  readonly isHere: boolean;
  readonly children?: ComponentChildren;
}

function NavigationLink({ href, isHere, children }: NavigationLinkProps): JSX.Element {
  return h("a", { href, ...(isHere ? { "aria-current": "page" } : {}) }, children);
}

interface RunLinkProps {
  readonly rel: "prev" | "next";
  readonly runId: string | undefined;
}

function RunLink({ rel, runId }: RunLinkProps): JSX.Element | null {
  if (runId === undefined) return null;
  const text = rel === "prev" ? `← run ${runId}` : `run ${runId} →`;
  return h("a", { href: `/runs/${runId}`, rel }, text);
}

/** JSON that cannot end the element it stands in. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
