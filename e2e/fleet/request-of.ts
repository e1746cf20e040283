import { NO_FENCE, PROTOCOL, type Request } from "@churnlab/fleet";

/** What a controller of that version asks that has no lock and says nothing more. */
export function requestOf(churnlab: string): string {
  const asker = { run: "R", holder: "H", fence: NO_FENCE };
  const request: Request = { protocol: PROTOCOL, churnlab, ...asker, body: null };
  return JSON.stringify(request);
}
