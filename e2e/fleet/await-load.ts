import { connectNats, heartbeatSubject } from "@churnlab/fleet";

/** Resolves when an agent says that its load runs. */
export async function awaitLoad(server: string, agent: string): Promise<void> {
  const nc = await connectNats({ name: "test", server, seed: null, ca: null });
  for await (const message of nc.subscribe(heartbeatSubject(agent))) {
    if (message.json<{ state: string }>().state === "running") break;
  }
  await nc.close();
}
