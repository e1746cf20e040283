import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { on, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import { describeProcess, type NetworkNamespace, readStartTicks } from "@churnlab/linux";
import { LogTail } from "../command/log-tail.ts";
import type { DockerCli } from "./docker-cli.ts";
import { explainDocker } from "./explain-docker.ts";
import { openContainerNamespace, type ToldProcess } from "./open-container-namespace.ts";
import { OWNER_LABEL } from "./owner-label.ts";
import { removeContainer, removeFailed } from "./remove-container.ts";

const START_MS_MAX = 10_000;
const LOOK_EVERY_MS = 10;
const PULL_MS_MAX = 600_000;

export interface ContainerOptions {
  readonly image: string;
  /** null: the image's own. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Set by the engine before the program starts. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether an image that is missing may be pulled. */
  readonly pull: boolean;
  /** The container that this one measures from inside; it is talked to through its standard input and output then. */
  readonly beside?: Container;
}

/** Where it is the engine that ended a program's output before it began. */
const ENGINE_SAYS = "Error response from daemon: ";

interface ContainerParts {
  readonly cli: DockerCli;
  readonly name: string;
  readonly attached: ChildProcess;
  readonly log: LogTail;
  readonly exit: { text: string | null };
}

/** A container's first process, as this machine counts. */
export interface SeenProcess {
  readonly pid: number;
  readonly startTicks: string;
  /** Held open until the container is disposed of. */
  readonly namespace: NetworkNamespace;
}

/** A container on no network but its own loopback, in a network namespace of its own or that of the one it measures. */
export class Container implements AsyncDisposable {
  readonly name: string;
  /** Of its first process, where this process sees it and may enter it; null where the engine alone can. */
  readonly seen: SeenProcess | null;
  readonly #parts: ContainerParts;

  /**
   * Resolves when its program runs. Rejects with what the engine says, with the last lines of a program that ends at once, or
   * with the signal's reason once it is aborted; nothing is left then.
   */
  static async start(
    cli: DockerCli,
    options: ContainerOptions,
    signal: AbortSignal,
  ): Promise<Container> {
    // Process ids of two process namespaces may be the same.
    const name = `churnlab-${process.pid}-${randomBytes(4).toString("hex")}`;
    const patience = options.pull ? { timeoutMs: PULL_MS_MAX } : {};
    let attached: ChildProcess | null = null;
    signal.throwIfAborted();
    try {
      const bounds = { ...patience, signal };
      const id = await cli.run(["create", ...describeCreation(name, options)], bounds);
      const isTalkedTo = options.beside !== undefined;
      const interactive = isTalkedTo ? ["--interactive"] : [];
      attached = cli.start(["start", "--attach", ...interactive, name]);
      const log = new LogTail();
      const exit = watchExit(attached, { log, image: options.image, isTalkedTo });
      const pid = await awaitPid({ cli, name, exit, log }, signal);
      signal.throwIfAborted();
      const seen = isTalkedTo ? null : lookFor({ pid, id });
      return new Container({ cli, name, attached, log, exit }, seen);
    } catch (error) {
      // What went wrong first is what is said; a container that stays all the same is found by its label.
      const mayAppear = attached === null && isUnanswered(error, signal);
      await removeFailed(cli, name, { mayAppear });
      attached?.kill("SIGKILL");
      throw error;
    }
  }

  private constructor(parts: ContainerParts, seen: SeenProcess | null) {
    this.name = parts.name;
    this.seen = seen;
    this.#parts = parts;
  }

  /** The engine's command that it is attached to: its standard input and output. */
  get attached(): ChildProcess {
    return this.#parts.attached;
  }

  /** null while it runs; how it ended, or that the engine did and left it to itself. */
  ended(): string | null {
    const { text } = this.#parts.exit;
    if (text === null || !this.#isAlive()) return text;
    return `the container engine went away while ${this.name} ran`;
  }

  /** How it ended; null where it still runs after so long. */
  async awaitEnd(patienceMs: number): Promise<string | null> {
    const untilMs = performance.now() + patienceMs;
    while (this.ended() === null && performance.now() < untilMs) await sleep(LOOK_EVERY_MS);
    return this.ended();
  }

  get log(): LogTail {
    return this.#parts.log;
  }

  /** Asks its program by a signal for a line of output that begins so; null when it does not answer in time. */
  async ask(signal: NodeJS.Signals, begin: string, patienceMs: number): Promise<string | null> {
    const { attached, exit } = this.#parts;
    if (exit.text !== null) return null;
    // Listened to before the signal, or the answer could come unheard.
    const chunks = on(attached.stdout ?? attached, "data", {
      signal: AbortSignal.timeout(patienceMs),
    });
    let text = "";
    try {
      await this.#signal(signal);
      for await (const [chunk] of chunks) {
        text += String(chunk);
        const line = new RegExp(`^${begin}.*(?=\\n)`, "m").exec(text)?.[0];
        if (line !== undefined) return line;
      }
    } catch {
      // Too late, or the engine could not pass it on.
    }
    return null;
  }

  /** Ends it at once and removes it with its layers and volumes. What the engine cannot end any more is ended without it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { attached, cli, name } = this.#parts;
    const gone =
      attached.exitCode === null
        ? once(attached, "exit", { signal: AbortSignal.timeout(START_MS_MAX) })
        : null;
    gone?.catch(() => {});
    try {
      await removeContainer(cli, name);
    } catch (error) {
      if (this.seen !== null && this.#isAlive()) process.kill(this.seen.pid, "SIGKILL");
      throw leftBehind(error, name);
    } finally {
      this.seen?.namespace.close();
      await gone?.catch(() => attached.kill("SIGKILL"));
    }
  }

  /** Whether it is seen to run. */
  #isAlive(): boolean {
    return this.seen !== null && readStartTicks(this.seen.pid) === this.seen.startTicks;
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const { cli, name } = this.#parts;
    if (this.seen !== null && !this.#isAlive()) return;
    try {
      if (this.seen !== null) {
        process.kill(this.seen.pid, signal);
        return;
      }
    } catch {
      // Not this user's to signal, without CAP_KILL.
    }
    await cli.run(["kill", "--signal", signal, name]);
  }
}

function lookFor(told: ToldProcess): SeenProcess | null {
  const { pid } = told;
  const startTicks = readStartTicks(pid);
  const namespace = startTicks === null ? null : openContainerNamespace(told);
  if (namespace === null || startTicks === null) return null;
  // It was of the container when it was looked at: the same process then as when its start was read, or it is not seen.
  if (readStartTicks(pid) === startTicks) return { pid, startTicks, namespace };
  namespace.close();
  return null;
}

/** Whether its creation may still be under way at the engine, after the command that asked for it was killed. */
function isUnanswered(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (error instanceof ChurnError && error.code === "E_CONTAINER_ENGINE");
}

function leftBehind(error: unknown, name: string): unknown {
  if (!(error instanceof ChurnError)) return error;
  const message = `${name} was ended but could not be removed: ${error.message}`;
  return new ChurnError(error.code, message, {
    hint: "`churnlab clean` removes it once the engine answers.",
    cause: error,
  });
}

function describeCreation(
  name: string,
  { image, command, env, sysctls, pull, beside }: ContainerOptions,
): string[] {
  const place = beside === undefined ? ["--network", "none"] : besideOf(beside);
  return [
    "--name",
    name,
    "--label",
    `${OWNER_LABEL}=${describeProcess()}`,
    "--pull",
    pull ? "missing" : "never",
    ...place,
    // Its program would take CPU time from the trial, and be counted with the target's.
    "--no-healthcheck",
    ...Object.entries(sysctls).flatMap(([key, value]) => ["--sysctl", `${key}=${value}`]),
    ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    image,
    ...(command ?? []),
  ];
}

/**
 * What it takes to measure there: the network namespace and the processes of the other, and to make hosts that are joined to it.
 * Names of capabilities are without CAP_, which every engine understands.
 */
function besideOf({ name }: Container): string[] {
  const capabilities = ["SYS_ADMIN", "NET_ADMIN", "NET_RAW"].flatMap((each) => ["--cap-add", each]);
  const shared = ["--network", `container:${name}`, "--pid", `container:${name}`];
  const security = ["--security-opt", "apparmor=unconfined", "--user", "0:0"];
  return ["--interactive", "--entrypoint", "node", ...shared, ...capabilities, ...security];
}

/** `docker start --attach` passes on what the program writes, and ends with its exit status. */
function watchExit(
  attached: ChildProcess,
  {
    log,
    image,
    isTalkedTo,
  }: { readonly log: LogTail; readonly image: string; readonly isTalkedTo: boolean },
): { text: string | null } {
  const exit: { text: string | null } = { text: null };
  if (!isTalkedTo) attached.stdout?.on("data", (chunk: Buffer) => log.add(chunk));
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
  { cli, name, exit, log }: Pick<ContainerParts, "cli" | "name" | "exit" | "log">,
  signal: AbortSignal,
): Promise<number> {
  const untilMs = performance.now() + START_MS_MAX;
  while (performance.now() < untilMs) {
    if (exit.text !== null) {
      const said = log.read();
      if (said.startsWith(ENGINE_SAYS)) {
        throw explainDocker(said, { program: cli.program, args: ["start"] });
      }
      const wrote = log.lastLines(5);
      throw new ChurnError(
        "E_TARGET",
        `The target did not start: ${exit.text}. It wrote:\n${wrote}`,
        {
          hint: `See what it needs: ${cli.program} run --rm --network none, with the same image and command.`,
        },
      );
    }
    const asked = ["inspect", "--format", "{{.State.Pid}}", name];
    const pid = Number(await cli.run(asked, { signal }));
    if (pid > 0) return pid;
    await sleep(LOOK_EVERY_MS);
  }
  throw new ChurnError(
    "E_TARGET",
    `The container ${name} did not start in ${START_MS_MAX / 1000} s`,
    { hint: `Is its engine busy? ${cli.program} events shows what it does.` },
  );
}
