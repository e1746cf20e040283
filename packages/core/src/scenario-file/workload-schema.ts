import { z } from "zod";
import {
  ARRIVAL_SHAPES,
  BIND_MODES,
  CLOSE_MODES,
  CLOSERS,
  ENGINE_NAMES,
  WORKLOAD_KINDS,
} from "../scenario.ts";
import { SCENARIO_BOUNDS } from "../scenario-bounds.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FileArrival, FileWorkload } from "./file-spec.ts";
import { duration, positiveDuration, rate } from "./quantity-schemas.ts";

const arrivalSchema: z.ZodType<FileArrival> = z.strictObject({
  model: z.enum(["open", "closed"]).optional().meta({
    description:
      "open: on schedule, whatever the answers do. closed: each of `connections` waits for its answer.",
  }),
  rate: rate.optional().describe("open: units of work per second, for example 400/s"),
  shape: z.enum(ARRIVAL_SHAPES).optional().meta({
    description:
      "open: how the rate runs over the measure phase. poisson: gaps at random. ramp: a straight line to `to`. step: `steps` plateaus",
    default: DEFAULTS.workload.shape,
  }),
  to: rate.optional().describe("ramp and step: the rate at the end"),
  steps: z
    .int()
    .min(2)
    .max(SCENARIO_BOUNDS.rampSteps)
    .optional()
    .describe("step: how many plateaus, both ends included"),
  connections: z
    .int()
    .min(1)
    .max(SCENARIO_BOUNDS.connections)
    .optional()
    .describe("closed: connections in flight"),
  limit: z
    .int()
    .min(1)
    .max(SCENARIO_BOUNDS.arrivals)
    .optional()
    .describe("stop after this many arrivals in the measure phase"),
});

const requestsPerConnection = z
  .union([
    z.int().min(0).max(SCENARIO_BOUNDS.requests),
    z.literal("unlimited"),
    z.string().regex(/^\d+\.\.\d+$/),
  ])
  .meta({ title: "requests" });

const bytes = z.int().min(0).max(SCENARIO_BOUNDS.bytes);

/** How connections are made and used. */
export const workloadSchema: z.ZodType<FileWorkload> = z.strictObject({
  kind: z.enum(WORKLOAD_KINDS).optional().meta({
    description:
      "short-lived: a connection per request (TCP_CRR). keep-alive: many requests on each (TCP_RR). hold: open and keep.",
  }),
  closer: z.enum(CLOSERS).optional().meta({
    description: "who sends the first FIN, and so holds TIME_WAIT",
    default: DEFAULTS.workload.closer,
  }),
  close: z.enum(CLOSE_MODES).optional().meta({
    description: "fin: orderly. rst: SO_LINGER 0. half: shut down sending, wait for the peer's FIN",
    default: DEFAULTS.workload.close,
  }),
  bind: z.enum(BIND_MODES).optional().meta({
    description:
      "what the client binds before connect(); anything but none changes which ports can be used",
    default: DEFAULTS.workload.bind,
  }),
  requestsPerConnection: requestsPerConnection
    .optional()
    .describe("a number, a range such as 4..16 (drawn per connection), or unlimited"),
  lifetime: positiveDuration
    .optional()
    .describe("a connection older than this is closed after its current request"),
  thinkTime: duration.optional().meta({
    description: "pause between a response and the next request of the same connection",
    default: DEFAULTS.workload.thinkTime,
  }),
  protocol: z.enum(["http", "raw"]).optional().meta({
    description: "http: HTTP/1.1. raw: so many bytes out, so many back",
    default: DEFAULTS.workload.protocol,
  }),
  requestBytes: bytes.optional().describe("raw: bytes out. http: bytes of the request body"),
  responseBytes: bytes.optional().describe("raw: bytes back. http: bytes of the response body"),
  arrival: arrivalSchema.optional(),
  sources: z.int().min(1).max(SCENARIO_BOUNDS.sources).optional().meta({
    description: "client namespaces, one source address each",
    default: DEFAULTS.workload.sources,
  }),
  workers: z
    .int()
    .min(1)
    .max(SCENARIO_BOUNDS.workers)
    .optional()
    .describe("client threads; chosen from the sources and processors when absent"),
  engine: z
    .enum(["auto", ...ENGINE_NAMES])
    .optional()
    .meta({
      description:
        "who drives the connections. ring: io_uring. epoll: system calls. net: Node's sockets. undici: Node's HTTP client. auto: the fastest that works here",
      default: DEFAULTS.workload.engine,
    }),
  timeouts: z
    .strictObject({
      connect: positiveDuration.optional().meta({
        description: "of a handshake; longer is ETIMEDOUT",
        default: DEFAULTS.workload.connectTimeout,
      }),
      response: positiveDuration.optional().meta({
        description: "of an answer, from its request; longer is ETIMEDOUT",
        default: DEFAULTS.workload.responseTimeout,
      }),
    })
    .optional(),
});
