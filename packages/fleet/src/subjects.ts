/** Every name that is spoken over NATS, once. A subject belongs to one agent, so that permissions can keep agents apart. */

/** What an agent may be called: a token of a subject. */
export const AGENT_NAME: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

/** What a run may be called: a token of a subject, and on agents part of a file's name. */
export const RUN_NAME: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

/** What a controller asks of an agent, as request and reply. */
export const VERBS = [
  "describe",
  "prepare",
  "arm",
  "start",
  "stop",
  "read",
  "replay",
  "finish",
  "restore",
] as const;
export type Verb = (typeof VERBS)[number];

/** The service under which agents answer `$SRV.INFO`. */
export const AGENT_SERVICE = "churnlab-agent";
/** Where services of that name say what they are. */
export const AGENT_INFO_SUBJECT: string = `$SRV.INFO.${AGENT_SERVICE}`;

export const RESULTS_STREAM = "CHURNLAB_RESULTS";
export const RESULTS_SUBJECTS = "churnlab.result.>";
export const LOCKS_BUCKET = "churnlab_locks";

/** Heartbeats of agents and of the controller, each. */
export const HEARTBEAT_MS = 1000;
/** So many missed heartbeats are a lost agent. */
export const HEARTBEATS_MISSED_MAX = 3;
/** An agent that has not heard its controller for so long stops its load and restores its host. */
export const DEAD_MAN_MS = 10_000;
/** A load that was stopped ends within its next sweep; an agent waits no longer for it before it restores its host. */
export const LOAD_END_MS_MAX = 5000;

/** Where an agent is asked for one thing. */
export function verbSubject(agent: string, verb: Verb): string {
  return `churnlab.agent.${agent}.${verb}`;
}

/** Where an agent is asked for its clock: an empty question, answered by a number. */
export function clockSubject(agent: string): string {
  return `churnlab.agent.${agent}.clock`;
}

/** All that an agent is asked. */
export function agentSubjects(agent: string): string {
  return `churnlab.agent.${agent}.>`;
}

/** Whose `churnlab.<what>.AGENT…` a subject is: the server lets each agent publish on its own only. */
export function agentOf(subject: string): string {
  return subject.split(".")[2] ?? "";
}

/** Of which run a piece of results is: its subject says. */
export function runOf(subject: string): string {
  return subject.split(".")[3] ?? "";
}

/** All that an agent says beside its results: of itself, and in answer. */
export function saidByAgent(agent: string): string {
  return `churnlab.from.${agent}.>`;
}

/** Where an agent says that it is there. */
export function heartbeatSubject(agent: string): string {
  return `churnlab.from.${agent}.heartbeat`;
}

/**
 * Where an agent answers the question `number` of who asks as `line`: below its own name, so that no agent can answer for
 * another, whatever it has seen of questions.
 */
export function answerSubject(agent: string, line: string, number: number | "*"): string {
  return `churnlab.from.${agent}.answer.${line}.${number}`;
}

/** Where every agent answers who looks for agents as `line`. */
export function foundSubject(line: string): string {
  return `churnlab.found.${line}`;
}

/** Where the controller of a run says that it is there. */
export function controllerHeartbeatSubject(run: string): string {
  return `churnlab.controller.${run}.heartbeat`;
}

/** Deltas for who looks on; delivered at most once. */
export function liveSubject(agent: string): string {
  return `churnlab.from.${agent}.live`;
}

/** A piece of a result: one message of the results stream. */
export interface ResultKey {
  readonly agent: string;
  readonly run: string;
  readonly trial: number;
  readonly attempt: number;
  readonly seq: number;
}

/** Where an agent puts a piece, kept by the results stream. */
export function resultSubject({ agent, run, trial, attempt, seq }: ResultKey): string {
  return `churnlab.result.${agent}.${run}.${trial}.${attempt}.${seq}`;
}

/**
 * By what the stream drops a piece that it has already. It does so over all its subjects: an id that another agent could guess, it
 * could use before, and the piece would be acknowledged and dropped. So `report` is a secret of who publishes.
 */
export function resultMessageId(
  { agent, run, trial, attempt, seq }: ResultKey,
  report: string,
): string {
  return `${run}/${trial}/${attempt}/${agent}/${seq}/${report}`;
}

/** All results of an agent. */
export function resultsOfAgent(agent: string): string {
  return `churnlab.result.${agent}.>`;
}

/** The results of all agents for one run. */
export function resultsOfRun(run: string): string {
  return `churnlab.result.*.${run}.>`;
}

/** The key of the lock that a run has on a target. */
export function targetLock(name: string): string {
  return `target.${name}`;
}

/** The key of the lock that a controller has on its own run. */
export function runLock(run: string): string {
  return `run.${run}`;
}

/** The key of the lock that a run has on an agent. */
export function agentLock(name: string): string {
  return `agent.${name}`;
}

/** Each connection has an inbox of its own, so that permissions keep replies apart. */
export function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}
