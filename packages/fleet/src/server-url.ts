import { ChurnError } from "@churnlab/core";

/** Throws `E_USAGE` for what is no URL of a server. Without a scheme it is one of `nats:`. */
export function parseServerUrl(url: string): URL {
  const text = url.includes("://") ? url : `nats://${url}`;
  if (!URL.canParse(text) || new URL(text).host === "") {
    throw new ChurnError("E_USAGE", `${JSON.stringify(url)} is no URL of a NATS server`, {
      hint: "For example nats://127.0.0.1:4222.",
    });
  }
  return new URL(text);
}

/** The URL as it may be shown. */
export function withoutSecrets(url: string): string {
  const { protocol, host } = parseServerUrl(url);
  return `${protocol}//${host}`;
}

const PORT_DEFAULT = "4222";

/** `host:port`: the same for every way to write the URL of a server, but not for every name of its host. */
export function addressOf(url: string): string {
  return `${parseServerUrl(url).hostname}:${portOf(url)}`;
}

export function portOf(url: string): string {
  return parseServerUrl(url).port || PORT_DEFAULT;
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** Whether the server is on this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(parseServerUrl(url).hostname);
}
