import { quoteText as quote } from "@churnlab/core/quote-word";
import type { CommandWords } from "./describe-words.ts";
import { listStoredCases } from "./shell-cases.ts";

/**
 * A completion script for bash 4 and later. Where no word fits, names of files are offered. Runs and metrics are asked of
 * the database that the line names, for a second at most.
 */
export function formatBash(commands: readonly CommandWords[]): string {
  const words = commands.map(({ path, subcommands, options }) => {
    const names = [...subcommands, ...options].map(({ name }) => name);
    return `    ${quote(path)}) words=${quote(names.join(" "))} ;;`;
  });
  const choices = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `    ${quote(`${path} ${option.name}`)}) words=${quote(option.choices.join(" "))} ;;`,
      ),
  );
  const stored = listStoredCases(commands);
  return `# bash completion of churnlab:  source <(churnlab completion bash)
_churnlab() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= words= word stored= before= db=churnlab.db
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
${commands
  .filter(({ path }) => path !== "")
  .map(({ path }) => `      ${quote(path)}) path=${quote(path)} ;;`)
  .join("\n")}
    esac
    case "$before" in --db) db=\${word/#\\~/$HOME} ;; esac
    before=$word
  done
  case "$path $previous" in
${choices.join("\n")}
  esac
  case "$path $previous" in
${stored.join("\n")}
  esac
  if [ -n "$stored" ] && [[ $current != -* ]]; then
    words=$(timeout 1 "\${COMP_WORDS[0]/#\\~/$HOME}" completion "$stored" --db "$db" 2>/dev/null)
  fi
  if [ -z "$words" ]; then
    case "$path" in
${words.map((line) => `  ${line}`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _churnlab churnlab
`;
}
