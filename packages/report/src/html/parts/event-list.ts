import { h, type JSX } from "preact";
import { formatMoment } from "../../charts/format-moment.ts";
import type { Marker } from "../../charts/trial-series.ts";
import { keepTogether } from "../keep-together.ts";

export interface EventListProps {
  readonly markers: readonly Marker[];
  /** Where scripts run, the time of an event is a button that shows it in the charts. */
  readonly onChoose?: (tMs: number) => void;
}

/** What happened, numbered as in the charts. */
export function EventList({ markers, onChoose }: EventListProps): JSX.Element {
  if (markers.length === 0)
    return h("p", { class: "note" }, "Nothing out of the ordinary happened.");
  return h(
    "ol",
    { class: "events" },
    markers.map(({ tMs, role, text, why, tone }, i) =>
      h(
        "li",
        { key: i, class: tone },
        h(
          "span",
          { class: "when" },
          onChoose === undefined
            ? keepTogether(formatMoment(tMs))
            : h(
                "button",
                { type: "button", onClick: () => onChoose(tMs) },
                keepTogether(formatMoment(tMs)),
              ),
        ),
        h("span", { class: "what" }, keepTogether(`${role}: ${text}`)),
        why === "" ? null : h("span", { class: "why" }, why),
      ),
    ),
  );
}
