import type {
  CounterReading,
  Observer,
  PortReading,
  QueueReading,
  Role,
  ServerAccount,
  Target,
  TimedEvent,
  Warning,
} from "@churnlab/core";

/** A role's kernel as its observer sees it, with what the server there counts of itself. */
class ServedObserver implements Observer {
  readonly #observer: Observer;
  readonly #account: ServerAccount;

  constructor(observer: Observer, account: ServerAccount) {
    this.#observer = observer;
    this.#account = account;
  }

  get role(): Role {
    return this.#observer.role;
  }

  readCounters(): CounterReading {
    const reading = this.#observer.readCounters();
    return {
      ...reading,
      gauges: { ...reading.gauges, ...this.#account.readGauges?.() },
      counters: { ...reading.counters, ...this.#account.readCounters() },
    };
  }

  readQueues(): QueueReading | null {
    return this.#observer.readQueues();
  }

  readPorts(): PortReading | null {
    return this.#observer.readPorts();
  }

  takeEvents(): readonly TimedEvent[] {
    return [...this.#observer.takeEvents(), ...this.#account.takeEvents()];
  }

  conclude(): readonly Warning[] {
    return this.#observer.conclude();
  }

  close(): void {
    this.#observer.close();
  }
}

/** The same observers; the target's has what its server tells. */
export function withServer(
  observers: readonly Observer[],
  { account }: Pick<Target, "account">,
): readonly Observer[] {
  if (account === undefined) return observers;
  return observers.map((each) =>
    each.role === "target" ? new ServedObserver(each, account) : each,
  );
}
