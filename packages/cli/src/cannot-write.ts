import { ChurnError } from "@churnlab/core";

/** The error of a report that has no place; null: stdout. */
export function cannotWrite(file: string | null, cause: unknown): ChurnError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  const hint =
    file === null
      ? "What it is sent to is full or gone: send it to another place."
      : "Name a file in a folder that exists and that you may write to.";
  return new ChurnError("E_OUTPUT", `${file ?? "stdout"} cannot be written (${code})`, {
    hint,
    cause,
  });
}
