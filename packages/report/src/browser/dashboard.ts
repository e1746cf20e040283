import { followRunList } from "./follow-run-list.ts";
import { mountPageTools } from "./page-tools.ts";
import { startLiveView } from "./start-live-view.ts";

const redraws: (() => void)[] = [];
mountPageTools(() => {
  for (const redraw of redraws) redraw();
});
const live = document.querySelector<HTMLElement>("#live");
if (live !== null) redraws.push(startLiveView(live));
else if (location.pathname === "/") followRunList();
