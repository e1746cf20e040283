import type { Command } from "commander";
import { EXIT_MEANINGS } from "../../packages/cli/src/command-help.ts";
import { EXIT } from "../../packages/cli/src/exit-codes.ts";
import { buildProgram } from "../../packages/cli/src/program.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/cli.md`, from the command tree itself. */
export function commandPage(): string {
  const program = buildProgram(() => {});
  const exits = Object.values(EXIT).map((code) => [String(code), EXIT_MEANINGS[code]]);
  return `# Commands

stdout is data, stderr is talk. \`--json\` prints one document with \`schemaVersion\`. A run is named by \`last\`, \`last~1\`, the
beginning of its id, or \`file.db#id\`. No colour where the stream is no screen, or with \`NO_COLOR\`.

## Exit status

${markdownTable(["status", "meaning"], exits)}
${program.commands.flatMap((command) => describeCommand(command, "churnlab")).join("\n")}`;
}

function describeCommand(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) {
    return command.commands.flatMap((each) => describeCommand(each, name));
  }
  const help = command
    .configureHelp({ ...command.configureHelp(), helpWidth: 100 })
    .helpInformation()
    .trimEnd();
  return [`\n## ${name}\n\n\`\`\`\n${help}\n\`\`\``];
}
