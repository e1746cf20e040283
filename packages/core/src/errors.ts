/**
 * Every error a person can be shown, with the exit code of the command that ends with it and its meaning.
 * A code is never reused for another meaning. `docs/errors.md` lists the same codes; a test keeps them equal.
 */
export const ERROR_CODES = {
  E_USAGE: { exit: 2, meaning: "The command line is not understood." },
  E_SCENARIO: {
    exit: 2,
    meaning: "The scenario file has one or more problems; each is listed with its place.",
  },
  E_SCENARIO_FILE: {
    exit: 2,
    meaning: "The scenario file cannot be read, is empty, a directory, or too large.",
  },
  E_SYSCTL_UNKNOWN: {
    exit: 2,
    meaning: "No kernel has a sysctl of this name, or this kernel lacks it.",
  },
  E_SYSCTL_GONE: { exit: 2, meaning: "The sysctl was removed from Linux." },
  E_SYSCTL_NOT_NAMESPACED: {
    exit: 2,
    meaning: "The sysctl is host-wide, so no trial may change it.",
  },
  E_SYSCTL_VALUE: {
    exit: 2,
    meaning: "The value is outside what the sysctl takes, or the kernel refused it.",
  },
  E_EXTERNAL: {
    exit: 2,
    meaning:
      "The host to be loaded is not this machine's, and was not allowed by --allow-external.",
  },
  E_RUN_UNKNOWN: {
    exit: 2,
    meaning: "No run in the database matches the reference.",
  },
  E_RESUME: {
    exit: 2,
    meaning:
      "The run cannot be gone on with: it still runs, is over, or another churnlab or scenario made it.",
  },
  E_OUTPUT: { exit: 2, meaning: "A report cannot be written where it was asked for." },
  E_METRIC_UNKNOWN: { exit: 2, meaning: "No metric of this name exists." },
  E_DATABASE: {
    exit: 2,
    meaning: "The database file cannot be opened, is foreign, or is damaged.",
  },
  E_DATABASE_NEWER: {
    exit: 2,
    meaning: "The database was written by a newer churnlab.",
  },
  E_BASELINE: {
    exit: 2,
    meaning: "The baseline file is not a run that churnlab exported.",
  },
  E_AGENT_FILE: {
    exit: 2,
    meaning: "The file of an agent cannot be read, or has one or more problems.",
  },
  E_REFUSED: {
    exit: 3,
    meaning: "An agent refuses what it was asked for: the limits in its own file forbid it.",
  },
  E_PLATFORM: {
    exit: 3,
    meaning:
      "This machine or installation lacks something it takes: Linux, a kernel with tracefs, a newer Node, or churnlab's own built parts.",
  },
  E_CAPABILITY: {
    exit: 3,
    meaning:
      "This user may not do what it takes: make, configure or enter a namespace, trace the kernel, or ask a container engine.",
  },
  E_NAMESPACE: {
    exit: 3,
    meaning:
      "The network namespace, or the bridge in it, does not exist, or this user may not enter it.",
  },
  E_TOOL_MISSING: {
    exit: 3,
    meaning: "A program that the testbed needs is not installed.",
  },
  E_CONTAINER_ENGINE: {
    exit: 3,
    meaning: "No container engine answers, or it is too old, full, or on another machine.",
  },
  E_IMAGE: {
    exit: 3,
    meaning: "The image of a target is not on this machine, and nothing is pulled unasked.",
  },
  E_NOFILE: {
    exit: 3,
    meaning: "The limit on open files is below what the scenario needs.",
  },
  E_ENGINE: {
    exit: 3,
    meaning: "The requested traffic engine cannot run here.",
  },
  E_LISTEN: { exit: 3, meaning: "The address or port cannot be listened on." },
  E_TESTBED: { exit: 4, meaning: "The testbed of a trial could not be built." },
  E_TARGET: {
    exit: 4,
    meaning: "The target did not start, does not listen, or ended during a trial.",
  },
  E_AGENT: { exit: 4, meaning: "A worker or agent was lost during a trial." },
  E_NATS: {
    exit: 3,
    meaning: "The NATS server cannot be reached, refuses the connection, or lacks JetStream.",
  },
  E_FLEET: {
    exit: 3,
    meaning: "The fleet lacks agents that a trial needs, or two agents have one name.",
  },
  E_FLEET_VERSION: {
    exit: 3,
    meaning: "Controller and agent are of different versions of churnlab.",
  },
  E_FLEET_LOCKED: {
    exit: 3,
    meaning: "Another run has the agent or the target, or another controller the run.",
  },
  E_HOST_GONE: {
    exit: 4,
    meaning: "The process, container or namespace that was watched is gone.",
  },
  E_NO_ANSWER: {
    exit: 4,
    meaning: "No handshake of a ping succeeded: the port is closed, filtered, or not reached.",
  },
  E_DISK: {
    exit: 4,
    meaning:
      "The database, or what an agent keeps on its disk, cannot be written or relied upon: the disk is full or failing, or others can write there.",
  },
  E_NOT_COMPARABLE: {
    exit: 5,
    meaning: "The runs differ in what must be equal, so no verdict is given.",
  },
  E_SYSTEM_CALL: {
    exit: 4,
    meaning: "A system call failed in a way the caller did not expect.",
  },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether this version knows a code that another thread, process or host tells. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}

export interface ErrorDetail {
  /** One thing to do about it, as a sentence or a command. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Something a person can understand and fix. Broken invariants are plain `Error`s: they are bugs. */
export class ChurnError extends Error {
  override readonly name = "ChurnError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}
