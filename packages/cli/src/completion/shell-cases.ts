import { quoteText as quote } from "@churnlab/core/quote-word";
import type { CommandWords } from "./describe-words.ts";

/** The cases of a shell's `case "$path $previous"` that say which stored words complete there, for bash and zsh alike. */
export function listStoredCases(commands: readonly CommandWords[]): readonly string[] {
  return commands.flatMap(({ path, stored: own, options }) => [
    ...options
      .filter((option) => option.stored !== null)
      .map((option) => `    ${quote(`${path} ${option.name}`)}) stored=${option.stored} ;;`),
    // After an option that takes a value comes that value.
    ...options
      .filter((option) => own !== null && option.takesValue && option.stored === null)
      .map((option) => `    ${quote(`${path} ${option.name}`)}) ;;`),
    ...(own === null ? [] : [`    ${quote(`${path} `)}*) stored=${own} ;;`]),
  ]);
}
