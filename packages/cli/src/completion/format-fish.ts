import type { CommandWords, OptionWord } from "./describe-words.ts";

/**
 * A completion script for fish, with descriptions. Runs and metrics are asked of the database that the line names, for a
 * second at most.
 */
export function formatFish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, subcommands, options, stored }) => {
    const names = subcommands.map(({ name }) => name);
    const seen =
      path === "" ? [] : path.split(" ").map((name) => `__fish_seen_subcommand_from ${name}`);
    const none = names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(" ")}`];
    const condition = [...seen, ...none].join("; and ");
    const when = condition === "" ? "" : ` -n ${quote(condition)}`;
    return [
      ...subcommands.map(
        ({ name, description }) =>
          `complete -c churnlab -f${when} -a ${name} -d ${quote(description)}`,
      ),
      ...(stored === null
        ? []
        : [`complete -c churnlab${when} -a ${quote(`(__churnlab_stored ${stored})`)}`]),
      ...options.map((option) => {
        const { name, description } = option;
        const values = describeValues(option);
        return `complete -c churnlab${when} -l ${name.replace(/^--/, "")}${values} -d ${quote(description)}`;
      }),
    ];
  });
  return `# fish completion of churnlab:  churnlab completion fish | source
function __churnlab_stored
  set -l words (commandline -opc)
  set -l db churnlab.db
  set -l before
  for word in $words
    test "$before" = --db; and set db (string replace -r -- '^~' $HOME $word)
    set before $word
  end
  timeout 1 (string replace -r -- '^~' $HOME $words[1]) completion $argv[1] --db $db 2>/dev/null
end
${lines.join("\n")}
`;
}

function describeValues({ choices, stored, takesValue }: OptionWord): string {
  if (choices.length > 0) return ` -x -a ${quote(choices.join(" "))}`;
  if (stored !== null) return ` -r -a ${quote(`(__churnlab_stored ${stored})`)}`;
  return takesValue ? " -r" : "";
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
