import { nameEnd } from "@churnlab/core";
import {
  agentSubjects,
  controllerHeartbeatSubject,
  heartbeatSubject,
  inboxPrefix,
  liveSubject,
  RESULTS_STREAM,
  resultsOfAgent,
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

accounts {
  CHURNLAB {
    jetstream: enabled
    users: [
      # The controller commands the agents; what it may ask of them stands in each agent's own file.
      { nkey: ${controller} }
${agents.map(formatAgent).join("\n")}
    ]
  }
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

/**
 * An agent answers what it is asked and speaks of itself. It cannot ask, nor hear what others say. An answer that comes later than
 * this is dropped by the server: no question may be asked long before it is to be answered (a side may take 90 s to be built).
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
  return [
    "      {",
    `        # ${name}`,
    `        nkey: ${publicKey}`,
    "        permissions {",
    `          publish: [${publish.map(quote).join(", ")}]`,
    `          subscribe: [${subscribe.map(quote).join(", ")}]`,
    '          allow_responses: { max: 1, expires: "2m" }',
    "        }",
    "      }",
  ].join("\n");
}

function quote(text: string): string {
  return JSON.stringify(text);
}
