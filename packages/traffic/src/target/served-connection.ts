import type net from "node:net";
import type { EncodedResponses } from "./encode-responses.ts";
import { createRequestReader, type RequestReader } from "./request-reader.ts";
import type { TargetCounters } from "./target-counters.ts";
import type { TargetJob } from "./target-server.ts";

/** What all connections of a serving thread have in common. */
export interface Service {
  readonly job: TargetJob;
  readonly counters: TargetCounters;
  readonly responses: EncodedResponses;
}

/** The server's side of one connection over `node:net`: answers requests, and closes when it was asked to or the client has. */
export class ServedConnection {
  readonly #socket: net.Socket;
  readonly #service: Service;
  readonly #reader: RequestReader;
  #unanswered = 0;
  #clientEnded = false;

  static attach(this: void, socket: net.Socket, service: Service): void {
    const connection = new ServedConnection(socket, service);
    connection.#listen();
  }

  private constructor(socket: net.Socket, service: Service) {
    this.#socket = socket;
    this.#service = service;
    this.#reader = createRequestReader(service.job.workload, (last) => this.#request(last));
  }

  #listen(): void {
    this.#socket.on("data", (bytes) => {
      if (!this.#reader.read(bytes, 0, bytes.length)) this.#socket.destroy();
    });
    this.#socket.on("end", () => {
      this.#clientEnded = true;
      this.#closeIfDone();
    });
  }

  #request(last: boolean): void {
    this.#unanswered++;
    const { delayMs } = this.#service.job;
    if (delayMs > 0) setTimeout(() => this.#answer(last), delayMs);
    else this.#answer(last);
  }

  #answer(last: boolean): void {
    if (this.#socket.destroyed) return;
    const { responses, counters, job } = this.#service;
    const closes = last && job.misbehaviour !== "never-close";
    this.#unanswered--;
    counters.add("requests");
    if (!closes) {
      this.#socket.write(responses.plain);
      this.#closeIfDone();
    } else if (job.workload.close === "half") {
      this.#socket.end(responses.last);
    } else {
      this.#socket.write(responses.last, () => this.#close());
    }
  }

  #close(): void {
    if (this.#service.job.workload.close === "rst") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Follows the client's FIN with its own. */
  #closeIfDone(): void {
    if (!this.#clientEnded || this.#unanswered > 0) return;
    if (this.#service.job.misbehaviour !== "never-close") this.#socket.end();
  }
}
