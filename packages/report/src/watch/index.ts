/**
 * A look at a live host: what the kernel said at a few moments, turned into rates, forecasts and advice. Pure; nothing of
 * a database, so that it is loaded alone.
 *
 * @packageDocumentation
 */

export * from "../text/fit-text.ts";
export * from "../text/style.ts";
export * from "./describe-watch.ts";
export * from "./format-ping.ts";
export * from "./format-watch.ts";
export * from "./port-outlook.ts";
export * from "./watch-document.ts";
