import { ChurnError } from "@churnlab/core";
import type { Container } from "./container.ts";

const LAST_LINES = 5;

/** A failure of the container's program, with what it wrote: that says best why it does not serve. */
export function withLastLines(error: unknown, container: Container): unknown {
  if (!(error instanceof ChurnError) || error.code !== "E_TARGET") return error;
  if (error.message.includes("It wrote")) return error;
  const lines = container.log.lastLines(LAST_LINES);
  const wrote = lines === "" ? "It wrote nothing." : `It wrote:\n${lines}`;
  return new ChurnError(error.code, `${error.message}. ${wrote}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}
