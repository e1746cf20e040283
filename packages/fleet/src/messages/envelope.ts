import { z } from "zod";
import { RUN_NAME } from "../subjects.ts";
import { type Fence, fenceSchema } from "./fence.ts";

/** Changes when a message changes its meaning. */
export const PROTOCOL = 4;

/** Of which version a message, or whoever describes itself, is. */
export interface SpokenVersion {
  readonly protocol: number;
  readonly churnlab: string;
}

/** Read of a message of any version, before the rest of it is read as one of this version: exactly. */
export const spokenVersionSchema: z.ZodType<SpokenVersion> = z.object({
  protocol: z.int(),
  churnlab: z.string(),
});

/** `0.1.0 (protocol 4)` */
export function formatVersion({ protocol, churnlab }: SpokenVersion): string {
  return `${churnlab} (protocol ${protocol})`;
}

/** Whether two understand each other: only what is the same in both numbers does. */
export function isSameVersion(a: SpokenVersion, b: SpokenVersion): boolean {
  return a.protocol === b.protocol && a.churnlab === b.churnlab;
}

/** Around everything a controller asks: who asks, in which version (of which both sides must be), and by which right. */
export interface Request extends SpokenVersion {
  readonly run: string;
  /** Unique per controller process: whose heartbeat has to be heard from now on. */
  readonly holder: string;
  /** Of the lock under which the controller acts; what comes with an earlier one is from a controller that lost it. */
  readonly fence: Fence;
  readonly body: unknown;
}

export const requestSchema: z.ZodType<Request> = z.strictObject({
  protocol: z.int(),
  churnlab: z.string(),
  run: z.string().regex(RUN_NAME),
  holder: z.string(),
  fence: fenceSchema,
  body: z.unknown(),
});

/** What an agent answers: the body, or why not. */
export type Reply =
  | { readonly ok: true; readonly body: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint?: string | undefined;
    };

export const replySchema: z.ZodType<Reply> = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), body: z.unknown() }),
  z.strictObject({
    ok: z.literal(false),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
]);
