import { quoteText as quote } from "@churnlab/core/quote-word";
import type { CommandWords, Word } from "./describe-words.ts";
import { listStoredCases } from "./shell-cases.ts";

/**
 * A completion script for zsh, with descriptions. Where no word fits, names of files are offered. Runs and metrics are
 * asked of the database that the line names, for a second at most.
 */
export function formatZsh(commands: readonly CommandWords[]): string {
  const cases = commands.map(
    ({ path, subcommands, options }) => `    ${quote(path)})
      names=(${subcommands.map(describe).join(" ")})
      flags=(${options.map(describe).join(" ")})
      ;;`,
  );
  const choices = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `    ${quote(`${path} ${option.name}`)}) compadd -- ${option.choices.map(quote).join(" ")}; return ;;`,
      ),
  );
  const stored = listStoredCases(commands);
  return `#compdef churnlab
# zsh completion of churnlab:  source <(churnlab completion zsh)
_churnlab() {
  local found= word stored= before= db=churnlab.db
  local -a words_before=("\${(@)words[2,CURRENT-1]}")
  local previous=\${words[CURRENT-1]}
  for word in "\${words_before[@]}"; do
    case "\${found:+$found }$word" in
${commands
  .filter(({ path }) => path !== "")
  .map(({ path }) => `      ${quote(path)}) found=${quote(path)} ;;`)
  .join("\n")}
    esac
    [[ $before == --db ]] && db=\${word/#\\~/$HOME}
    before=$word
  done
  case "$found $previous" in
${choices.join("\n")}
  esac
  case "$found $previous" in
${stored.join("\n")}
  esac
  if [[ -n $stored && $PREFIX != -* ]]; then
    compadd -- \${(f)"$(timeout 1 \${words[1]/#\\~/$HOME} completion $stored --db $db 2>/dev/null)"} && return
  fi
  local -a names flags
  case "$found" in
${cases.join("\n")}
  esac
  if [[ \${(Q)PREFIX} == -* ]]; then
    _describe option flags
  else
    (( \${#names} )) && _describe command names
    _files
  fi
}
(( $+functions[compdef] )) && compdef _churnlab churnlab
`;
}

function describe({ name, description }: Word): string {
  return quote(`${name.replaceAll(":", "\\:")}:${description.replaceAll(":", "\\:")}`);
}
