import type { CommandWords } from "./describe-words.ts";

/** A completion script for fish, with descriptions. */
export function formatFish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, subcommands, options }) => {
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
      ...options.map(({ name, description, takesValue, choices }) => {
        const values =
          choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : takesValue ? " -r" : "";
        return `complete -c churnlab${when} -l ${name.replace(/^--/, "")}${values} -d ${quote(description)}`;
      }),
    ];
  });
  return `# fish completion of churnlab:  churnlab completion fish | source
${lines.join("\n")}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
