import { z } from "zod";
import { RUN_NAME } from "../subjects.ts";
import { type Fence, fenceSchema } from "./fence.ts";

/** Changes when a message changes its meaning. */
export const PROTOCOL = 2;

/** Around everything a controller asks: who asks, in which version, and by which right. */
export interface Request {
  readonly protocol: number;
  /** The churnlab of the controller: both sides must be of one version. */
  readonly churnlab: string;
  readonly run: string;
  /** Unique per controller process: whose heartbeat has to be heard from now on. */
  readonly holder: string;
  /** Of the lock under which the controller acts; what comes with an earlier one is from a controller that lost it. */
  readonly fence: Fence;
  readonly body: unknown;
}

export const requestSchema: z.ZodType<Request> = z.object({
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
  z.object({ ok: z.literal(true), body: z.unknown() }),
  z.object({
    ok: z.literal(false),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
]);
