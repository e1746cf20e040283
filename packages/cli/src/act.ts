import type { ExitCode } from "./exit-codes.ts";

/** What an action resolves to; the process ends with it. */
export type Action = (...parameters: never[]) => ExitCode | Promise<ExitCode>;

/** Makes of an action that is imported when it is called what commander calls. */
export type Act = (load: () => Promise<Action>) => (...parameters: unknown[]) => Promise<void>;
