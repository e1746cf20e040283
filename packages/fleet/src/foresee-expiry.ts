import { X509Certificate } from "node:crypto";
import type { Access } from "./connection-options.ts";

const DAY_MS = 24 * 3_600_000;
const FORESEEN_DAYS = 30;

/**
 * What to tell of the certificates of a fleet before they are over: that of its authority and that of its server end at one time.
 * null: there is time, or the authority is not a fleet's own.
 */
export function foreseeExpiry({ ca }: Pick<Access, "ca">, nowUnixMs: number): string | null {
  const untilMs = ca === null ? null : readEnd(ca);
  if (untilMs === null || untilMs - nowUnixMs > FORESEEN_DAYS * DAY_MS) return null;
  const date = new Date(untilMs).toISOString().slice(0, 10);
  return `the certificates of this fleet are good until ${date}: churnlab fleet init --force makes all anew, for the server and every agent`;
}

/** null: it is no certificate, which whoever connects is told. */
function readEnd(pem: string): number | null {
  try {
    return new X509Certificate(pem).validToDate.getTime();
  } catch {
    return null;
  }
}
