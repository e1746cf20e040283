/**
 * Agents and targets on other machines: the seams of `core`, spoken over NATS.
 *
 * @packageDocumentation
 */

// What is said, and under which name.

export * from "./messages/agent-description.ts";
export * from "./messages/envelope.ts";
export * from "./messages/fence.ts";
export * from "./messages/live-message.ts";
export * from "./messages/result-piece.ts";
export * from "./messages/trial-messages.ts";
export * from "./subjects.ts";

// The two ends.

export * from "./agent/agent-options.ts";
export * from "./agent/fleet-agent.ts";
export * from "./clock/monotonic-clock.ts";
export * from "./controller/await-agents.ts";
export * from "./controller/fleet-testbed.ts";
export * from "./controller/result-ledger.ts";

// Whom it trusts, and how it is set up.

export { connectNats } from "./connect.ts";
export * from "./connection-options.ts";
export * from "./init/plan-fleet.ts";
export * from "./init/write-fleet.ts";

// What an agent lets itself be asked for.

export * from "./limits/agent-file.ts";
export * from "./limits/agent-limits.ts";
export * from "./limits/asked.ts";
export * from "./limits/enforce-limits.ts";
