import type { CommandWords } from "./describe-words.ts";

/** A completion script for bash 4 and later. Where no word fits, names of files are offered. */
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
  return `# bash completion of churnlab:  source <(churnlab completion bash)
_churnlab() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
${commands
  .filter(({ path }) => path !== "")
  .map(({ path }) => `      ${quote(path)}) path=${quote(path)} ;;`)
  .join("\n")}
    esac
  done
  case "$path $previous" in
${choices.join("\n")}
  esac
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

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
