import type { NatsConnection, Subscription } from "@nats-io/transport-node";
import type { z } from "zod";
import { decodeMessage } from "./message-codec.ts";

export interface Listening<T> {
  readonly subject: string;
  readonly schema: z.ZodType<T>;
  /** Told of a message that is of another shape, or that could not be dealt with. */
  readonly onStray?: (subject: string, why: unknown) => void;
}

/**
 * Hears the messages of a subject. Whatever one of them says, nothing is thrown into the connection: an exception in a callback
 * would end its reading of all subjects. What a server does not permit is not heard.
 */
export function listen<T>(
  nc: NatsConnection,
  { subject, schema, onStray }: Listening<T>,
  hear: (message: T, subject: string) => void,
): Subscription {
  return nc.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      try {
        hear(decodeMessage(message.data, schema), message.subject);
      } catch (stray) {
        onStray?.(message.subject, stray);
      }
    },
  });
}
