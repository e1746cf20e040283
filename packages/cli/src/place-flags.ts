export interface PlaceOptions {
  readonly nats?: string;
  readonly fleet?: string;
  readonly insecure?: boolean;
  readonly pull?: boolean;
  readonly allowExternal?: boolean;
}

/**
 * The flags of `run` that say where its trials ran and what it was allowed, so that a report can print the whole command. A
 * server's user, password and token are left out; keys are in the file that `--fleet` names, and stay there.
 */
export function listPlaceFlags({
  nats,
  fleet,
  insecure,
  pull,
  allowExternal,
}: PlaceOptions): string[] {
  return [
    ...(fleet === undefined ? [] : ["--fleet", fleet]),
    ...(nats === undefined ? [] : ["--nats", nats.split(",").map(stripSecrets).join(",")]),
    ...(insecure === true ? ["--insecure"] : []),
    ...(pull === true ? ["--pull"] : []),
    ...(allowExternal === true ? ["--allow-external"] : []),
  ];
}

/** `nats://user:password@host:4222?token=x` → `nats://host:4222`. A password may hold any character, also `@` and `/`. */
function stripSecrets(url: string): string {
  const [, scheme = "", rest = ""] = /^\s*([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(url) ?? [];
  return scheme + rest.slice(rest.lastIndexOf("@") + 1).replace(/[?#].*$/s, "");
}
