import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import { LogTail } from "../command/log-tail.ts";
import { describeOwner, OWNER_LABEL } from "./container-owner.ts";
import type { DockerCli } from "./docker-cli.ts";

const START_MS_MAX = 10_000;
const LOOK_EVERY_MS = 10;

export interface ContainerOptions {
  readonly image: string;
  /** null: the image's own. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Set by the engine before the program starts. */
  readonly sysctls: Readonly<Record<string, string>>;
}

let created = 0;

/** A container on no network but its own loopback, in a network namespace of its own. */
export class Container implements AsyncDisposable {
  readonly name: string;
  /** Process id of its first process, as this machine counts. */
  readonly pid: number;
  readonly #cli: DockerCli;
  readonly #attached: ChildProcess;
  readonly #log: LogTail;
  readonly #exit: { text: string | null };

  /** Resolves when its program runs. Rejects with what the engine says, or with the last lines of a program that ends at once. */
  static async start(cli: DockerCli, options: ContainerOptions): Promise<Container> {
    const name = `churnlab-${process.pid}-${++created}`;
    await cli.run(["create", ...describeCreation(name, options)]);
    try {
      const attached = cli.start(["start", "--attach", name]);
      const log = new LogTail();
      const exit = watchExit(attached, { log, image: options.image });
      const pid = await awaitPid(cli, name, { exit, log });
      return new Container({ cli, name, pid, attached, log, exit });
    } catch (error) {
      await cli.run(["rm", "--force", "--volumes", name]);
      throw error;
    }
  }

  private constructor(parts: {
    cli: DockerCli;
    name: string;
    pid: number;
    attached: ChildProcess;
    log: LogTail;
    exit: { text: string | null };
  }) {
    this.name = parts.name;
    this.pid = parts.pid;
    this.#cli = parts.cli;
    this.#attached = parts.attached;
    this.#log = parts.log;
    this.#exit = parts.exit;
  }

  /** null while it runs; how it ended. */
  ended(): string | null {
    return this.#exit.text;
  }

  get log(): LogTail {
    return this.#log;
  }

  /** Ends it at once and removes it with its volumes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone =
      this.#attached.exitCode === null
        ? once(this.#attached, "exit", { signal: AbortSignal.timeout(START_MS_MAX) })
        : null;
    gone?.catch(() => {});
    await this.#cli.run(["rm", "--force", "--volumes", this.name]);
    await gone?.catch(() => this.#attached.kill("SIGKILL"));
  }
}

function describeCreation(
  name: string,
  { image, command, env, sysctls }: ContainerOptions,
): string[] {
  return [
    "--name",
    name,
    "--label",
    `${OWNER_LABEL}=${describeOwner()}`,
    "--pull",
    "never",
    "--network",
    "none",
    ...Object.entries(sysctls).flatMap(([key, value]) => ["--sysctl", `${key}=${value}`]),
    ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    image,
    ...(command ?? []),
  ];
}

/** `docker start --attach` passes on what the program writes, and ends with its exit status. */
function watchExit(
  attached: ChildProcess,
  { log, image }: { readonly log: LogTail; readonly image: string },
): { text: string | null } {
  const exit: { text: string | null } = { text: null };
  attached.stdout?.on("data", (chunk: Buffer) => log.add(chunk));
  attached.stderr?.on("data", (chunk: Buffer) => log.add(chunk));
  attached.on("error", (error) => {
    exit.text ??= `the container of ${image} could not be started: ${error.message}`;
  });
  attached.on("close", (code) => {
    exit.text ??= `the container of ${image} ended with status ${code}`;
  });
  return exit;
}

async function awaitPid(
  cli: DockerCli,
  name: string,
  { exit, log }: { readonly exit: { readonly text: string | null }; readonly log: LogTail },
): Promise<number> {
  const untilMs = performance.now() + START_MS_MAX;
  while (performance.now() < untilMs) {
    if (exit.text !== null) {
      const wrote = log.lastLines(5);
      throw new ChurnError("E_TARGET", `${exit.text}. It wrote:\n${wrote}`, {
        hint: `See what it needs: ${cli.program} run --rm --network none, with the same image and command.`,
      });
    }
    const pid = Number(await cli.run(["inspect", "--format", "{{.State.Pid}}", name]));
    if (pid > 0) {
      if (existsSync(`/proc/${pid}/ns/net`)) return pid;
      throw new ChurnError("E_TESTBED", "The engine runs its containers on another machine", {
        hint: "Unset DOCKER_HOST: the kernel has to be this one, or use testbed: external.",
      });
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new ChurnError(
    "E_TARGET",
    `The container ${name} did not start in ${START_MS_MAX / 1000} s`,
  );
}
