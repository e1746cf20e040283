import type { Msg } from "@nats-io/transport-node";

const NO_RESPONDERS = 503;

/** Whether it is what the server answers itself, without a body, where nobody listens. */
export function isNobody({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === NO_RESPONDERS;
}
