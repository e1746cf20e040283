import { ChurnError } from "@churnlab/core";
import type { NatsConnection, Status } from "@nats-io/transport-node";
import { tellSeldom } from "../tell-seldom.ts";

export interface ConnectionWatch {
  /** Holds a server that was found again to what the first had to be; throws where it is not so. */
  readonly requireProtection: () => void;
  /** One line for people. */
  readonly log: (line: string) => void;
}

/**
 * Tells of what becomes of a connection, and resolves when it is closed for good, with why: by the client, when the server
 * has refused the key twice, or here, when a server that was found again is not protected. Never rejects.
 */
export async function followConnection(
  nc: NatsConnection,
  { requireProtection, log }: ConnectionWatch,
): Promise<ChurnError> {
  const tellRefusal = tellSeldom(log);
  for await (const status of nc.status()) {
    const line = describe(status);
    if (line !== null) (status.type === "error" ? tellRefusal : log)(line);
    if (status.type !== "reconnect") continue;
    try {
      requireProtection();
    } catch (error) {
      await nc.close();
      return error as ChurnError;
    }
  }
  const cause = await nc.closed();
  const why = cause instanceof Error ? cause.message : "it was closed";
  return new ChurnError("E_NATS", `The connection to the server is over: ${why}`, {
    hint: "Does the server still know this agent's key?",
    ...(cause instanceof Error ? { cause } : {}),
  });
}

function describe(status: Status): string | null {
  switch (status.type) {
    case "disconnect":
      return "the server is lost, and sought";
    case "reconnect":
      return "the server is found again";
    case "error":
      return `the server refuses something: ${status.error.message}`;
    case "staleConnection":
      return "the server answers no ping";
    case "slowConsumer":
      return "messages come faster than they are taken";
    case "ldm":
      return "the server is about to end";
    case "close":
    case "forceReconnect":
    case "ping":
    case "reconnecting":
    case "update":
      return null;
  }
}
