import { nameEnd } from "@churnlab/core";
import {
  agentSubjects,
  controllerHeartbeatSubject,
  foundSubject,
  heartbeatSubject,
  inboxPrefix,
  liveSubject,
  RESULTS_STREAM,
  RESULTS_SUBJECTS,
  resultsOfAgent,
  saidByAgent,
} from "../subjects.ts";

/** A user of the server: an agent, by its name, and its public NKey. */
export interface FleetUser {
  readonly name: string;
  readonly publicKey: string;
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly agents: readonly FleetUser[];
  /** Public NKeys. */
  readonly controller: string;
  readonly system: string;
}

/** Of the controllers, and of JetStream. */
const CONTROLLER_ACCOUNT = "CHURNLAB";

/**
 * The configuration of a nats-server, 2.9 or newer. Its paths are relative to where the server is started, so that the
 * folder can be copied to any host.
 */
export function formatServerConfig({
  host,
  port,
  agents,
  controller,
  system,
}: ServerConfig): string {
  return `# The server of a churnlab fleet, for nats-server 2.9 and newer. Start it where this file lies:
#   nats-server -c server.conf
# Written by churnlab fleet init. It holds public keys only; tls/server.key beside it is a secret.

server_name: churnlab
listen: ${quote(nameEnd(host, port))}

# A frozen agent is noticed after two of these; heartbeats notice it too.
ping_interval: "2s"
ping_max: 2

tls {
  cert_file: "tls/server.pem"
  key_file: "tls/server.key"
  timeout: 5
}

# Results wait here until the controller has them (stream ${RESULTS_STREAM}).
jetstream {
  store_dir: "jetstream"
  max_memory_store: 64MB
  max_file_store: 4GB
}

# An account is a room of its own: what is said in one reaches another only by what they exchange here. Each agent has one, as a
# server answers on whatever subject a message names as its reply: in a room that all share, that would be any.
accounts {
  ${CONTROLLER_ACCOUNT} {
    jetstream: enabled
    users: [
      # The controller commands the agents; what it may ask of them stands in each agent's own file.
      { nkey: ${controller} }
    ]
    exports: [
${CONTROLLER_EXPORTS.join("\n")}
    ]
    imports: [
${agents.map(({ name }) => `      { ${from(accountOf(name), saidByAgent(name))} }`).join("\n")}
    ]
  }
${agents.map(formatAgent).join("\n")}
  # The server speaks of itself here, and to nobody else.
  SYS {
    users: [
      { nkey: ${system} }
    ]
  }
}
system_account: SYS
`;
}

const CONTROLLER_EXPORTS: readonly string[] = [
  `      { stream: ${quote(agentSubjects("*"))} } # what agents are asked`,
  `      { stream: ${quote(controllerHeartbeatSubject("*"))} }`,
  `      { stream: "$SRV.>" } # who looks for agents`,
  `      { service: ${quote(foundSubject("*"))} } # where he is answered`,
  `      { service: ${quote(RESULTS_SUBJECTS)} }`,
];

/** Another account than any that has no agent. */
function accountOf(agent: string): string {
  return `AGENT_${agent}`;
}

/** A subject that another account exports as a stream: its replies are not led back. */
function from(account: string, subject: string): string {
  return `stream: { account: ${quote(account)}, subject: ${quote(subject)} }`;
}

/**
 * The room of an agent, in which it answers what it is asked and speaks of itself. It cannot ask, nor hear what others say. Its
 * results are a service, so that their acknowledgement comes back into this room, whatever reply it names. An answer that comes
 * later than this is dropped by the server: no question may be asked long before it is to be answered (a side may take 90 s to be
 * built).
 */
function formatAgent({ name, publicKey }: FleetUser): string {
  const publish = [heartbeatSubject(name), liveSubject(name), resultsOfAgent(name)];
  const subscribe = [
    agentSubjects(name),
    heartbeatSubject(name), // of another agent of its name
    controllerHeartbeatSubject("*"),
    "$SRV.>",
    `${inboxPrefix(name)}.>`,
  ];
  const imports = [
    from(CONTROLLER_ACCOUNT, agentSubjects(name)),
    from(CONTROLLER_ACCOUNT, controllerHeartbeatSubject("*")),
    from(CONTROLLER_ACCOUNT, "$SRV.>"),
    ...[foundSubject("*"), resultsOfAgent(name)].map(
      (subject) => `service: { account: ${quote(CONTROLLER_ACCOUNT)}, subject: ${quote(subject)} }`,
    ),
  ];
  return [
    `  ${quote(accountOf(name))} {`,
    "    users: [",
    "      {",
    `        # ${name}`,
    `        nkey: ${publicKey}`,
    "        permissions {",
    `          publish: [${publish.map(quote).join(", ")}]`,
    `          subscribe: [${subscribe.map(quote).join(", ")}]`,
    '          allow_responses: { max: 1, expires: "2m" }',
    "        }",
    "      }",
    "    ]",
    `    exports: [{ stream: ${quote(saidByAgent(name))} }]`,
    "    imports: [",
    ...imports.map((line) => `      { ${line} }`),
    "    ]",
    "  }",
  ].join("\n");
}

function quote(text: string): string {
  return JSON.stringify(text);
}
