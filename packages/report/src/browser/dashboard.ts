import { followRunList } from "./follow-run-list.ts";
import { startLiveView } from "./start-live-view.ts";

const live = document.querySelector<HTMLElement>("#live");
if (live !== null) startLiveView(live);
else if (location.pathname === "/") followRunList();
