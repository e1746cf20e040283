import { PROTOCOL, type Request } from "@churnlab/fleet";

/** What a controller of that version asks that has no lock and says nothing more. */
export function requestOf(churnlab: string): string {
  const request: Request = { protocol: PROTOCOL, churnlab, run: "R", epoch: 1, body: null };
  return JSON.stringify(request);
}
