import { ROLES, type Role } from "./role.ts";
import type { TrialSpec } from "./scenario.ts";
import type { SysctlEntry } from "./sysctl-catalogue/sysctl-entry.ts";
import { findSysctl } from "./sysctl-catalogue.ts";
import type { Warning } from "./warnings.ts";

/**
 * Settings of a variant that cannot act on the role they are given to, or not in this workload, each with the reason. A
 * setting may still be wanted (a negative control), so these are warnings.
 */
export function warnIneffective(spec: TrialSpec): Warning[] {
  return ROLES.flatMap((role) =>
    Object.entries(spec.sysctls[role] ?? {}).flatMap(([name, value]) => {
      const entry = findSysctl(name);
      if (entry === null) return [];
      const setting = { spec, role, value };
      const reason = refuseRole(entry, setting) ?? rules[name]?.(setting) ?? null;
      if (reason === null) return [];
      const message = `${role}: ${name} = ${value} has no effect here: ${reason}`;
      return [{ code: "W_SYSCTL_NO_EFFECT" as const, message }];
    }),
  );
}

interface Setting {
  readonly spec: TrialSpec;
  readonly role: Role;
  readonly value: string;
}

/** Why the role cannot feel the setting at all; null when it can. */
function refuseRole({ actsOn }: SysctlEntry, { spec, role }: Setting): string | null {
  switch (actsOn) {
    case "dialler":
      return dials(role, spec)
        ? null
        : `it acts on the side that dials, and the ${role} dials nobody`;
    case "listener":
      return role === "client" ? "it acts on the side that listens, and the client does not" : null;
    case "first-closer":
      return refuseCloser({ spec, role });
    case "sender":
    case "both":
      return null;
  }
}

function dials(role: Role, { topology }: TrialSpec): boolean {
  return role === "client" || (role === "target" && topology === "gateway");
}

function refuseCloser({ spec, role }: Pick<Setting, "spec" | "role">): string | null {
  const { close, closer } = spec.workload;
  if (spec.topology === "gateway" || !("server" in spec.target)) return null;
  if (close === "rst") return "connections are closed by RST, so nobody is in TIME_WAIT";
  const first = closer === "client" ? "client" : "target";
  if (first === role) return null;
  return `it acts on the side that closes first, and that is the ${first}`;
}

/** The value of a setting of the same role, or the default of a new namespace. */
function valueOf({ spec, role }: Pick<Setting, "spec" | "role">, name: string): string | null {
  return spec.sysctls[role]?.[name] ?? findSysctl(name)?.default ?? null;
}

type Rule = (setting: Setting) => string | null;

const TIMESTAMPS = "net.ipv4.tcp_timestamps";

const refuseReuse: Rule = ({ spec, role, value }) => {
  const { bind, closer, close } = spec.workload;
  if (value === "0") return null;
  if (value === "2")
    return "2 reuses on loopback only, and the hosts of a trial are joined by veth";
  if (role !== "client") return null;
  if (close === "rst") return "connections are closed by RST, so there is no TIME_WAIT to reuse";
  if (closer === "server")
    return "the server closes first, so the client has no TIME_WAIT to reuse";
  if (bind === "address" || bind === "port") {
    return `with bind: ${bind} the port is taken by bind(), where it does not act`;
  }
  const without = (["client", "target"] as const).filter(
    (end) => valueOf({ spec, role: end }, TIMESTAMPS) === "0",
  );
  return without.length === 0
    ? null
    : `it needs TCP timestamps, which are off on the ${without.join(" and the ")}`;
};

function allowsAlready(backlog: number, somaxconn: string): boolean {
  return backlog <= 4096 && backlog <= Number(somaxconn);
}

const refuseKeepAlive: Rule = ({ spec, role }) =>
  role === "client" || "server" in spec.target
    ? "no socket of churnlab sets SO_KEEPALIVE (HTTP keep-alive is another thing)"
    : null;

const rules: Readonly<Record<string, Rule>> = {
  "net.ipv4.tcp_tw_reuse": refuseReuse,

  "net.ipv4.tcp_tw_reuse_delay": (setting) =>
    valueOf(setting, "net.ipv4.tcp_tw_reuse") === "1"
      ? refuseReuse({ ...setting, value: "1" })
      : "it acts only with tcp_tw_reuse = 1",

  "net.ipv4.tcp_max_syn_backlog": (setting) =>
    valueOf(setting, "net.ipv4.tcp_syncookies") === "0"
      ? null
      : "it is ignored while tcp_syncookies is not 0",

  "net.ipv4.tcp_fin_timeout": ({ spec }) =>
    "server" in spec.target && spec.target.misbehaviour !== "never-close"
      ? "it does not change TIME_WAIT, only FIN_WAIT2 of a peer that is late with its FIN, and none is here"
      : null,

  "net.ipv4.ip_autobind_reuse": ({ spec, role }) =>
    role === "client" && spec.workload.bind !== "address"
      ? "it acts only with bind: address"
      : null,

  "net.core.somaxconn": ({ spec, role, value }) =>
    role === "target" && "backlog" in spec.target && allowsAlready(spec.target.backlog, value)
      ? `listen() asks for ${spec.target.backlog}, which the default 4096 allows as well`
      : null,

  "net.ipv4.tcp_child_ehash_entries": () => "it acts on namespaces that are created from this one",
  "net.ipv4.tcp_keepalive_time": refuseKeepAlive,
  "net.ipv4.tcp_keepalive_intvl": refuseKeepAlive,
  "net.ipv4.tcp_keepalive_probes": refuseKeepAlive,
};
