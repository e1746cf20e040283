import { ChurnError, nameEnd } from "@churnlab/core";
import type { FastifyInstance } from "fastify";
import type { DashboardOptions } from "./dashboard-options.ts";

export interface Dashboard extends AsyncDisposable {
  /** Where it answers, with the token that lets a page do more than look. */
  readonly url: string;
  /** The same without the token. */
  readonly address: string;
  readonly isLoopback: boolean;
  /** Streams that are open. */
  readonly streams: () => number;
  close(): Promise<void>;
}

export const DASHBOARD_PORT = 7700;

/**
 * Serves the runs of a database to browsers: their reports, comparisons, and a run that goes on. Throws `E_LISTEN` when the
 * address cannot be had, `E_PLATFORM` when the browser part was not built, and what the source throws when it is opened.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const [{ default: fastify }, { buildDashboard }] = await Promise.all([
    import("fastify"),
    import("./build-dashboard.ts"),
  ]);
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 64 } });
  const listen = options.listen ?? "127.0.0.1";
  const isLoopback = isLoopbackAddress(listen);
  const built = buildDashboard(app, { ...options, isLoopback, listen });
  await listenOn(app, listen, options.port ?? DASHBOARD_PORT);
  const { port } = app.server.address() as { port: number };
  const address = `http://${nameEnd(listen, port)}/`;
  const close = async (): Promise<void> => {
    await built.dispose();
    await app.close();
  };
  return {
    url: `${address}?token=${built.token}`,
    address,
    isLoopback,
    streams: () => built.hub.size,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isLoopbackAddress(address: string): boolean {
  return address === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
}

async function listenOn(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const hint =
      code === "EADDRINUSE"
        ? "Another program has it; --port 0 takes a free one."
        : "Name another with --listen and --port.";
    throw new ChurnError(
      "E_LISTEN",
      `Cannot listen on ${host} port ${port} (${code ?? "unknown error"})`,
      { hint, cause },
    );
  }
}
