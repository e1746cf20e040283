import type { NatsConnection } from "@nats-io/transport-node";
import { encodeMessage } from "./message-codec.ts";
import { tellSeldom } from "./tell-seldom.ts";

/** Publishes a message for whoever hears it; never throws. */
export type Say = (subject: string, message: unknown) => void;

/** Says what is lost without harm: where it cannot be said, because the connection is over or it is too long, that is told. */
export function sayOver(nc: NatsConnection, log: (line: string) => void): Say {
  const tell = tellSeldom(log);
  return (subject, message) => {
    if (nc.isClosed()) return;
    try {
      nc.publish(subject, encodeMessage(message));
    } catch (error) {
      tell(`${subject}: not said: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}
