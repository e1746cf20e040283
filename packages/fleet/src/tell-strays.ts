import { tellSeldom } from "./tell-seldom.ts";

/** Tells of messages that are not understood, as seldom as may be. */
export function tellStrays(log: (line: string) => void): (subject: string, why: unknown) => void {
  const tell = tellSeldom(log);
  return (subject, why) => tell(`${subject}: ${why instanceof Error ? why.message : String(why)}`);
}
