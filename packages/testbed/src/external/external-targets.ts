import { type ExternalTarget, findExternalTarget } from "./find-external-target.ts";

/**
 * The targets of one command by their URLs, each looked up once: load goes to the address that was shown and allowed, also when
 * its name has got another since.
 */
export class ExternalTargets {
  readonly #lookUp: typeof findExternalTarget;
  readonly #found = new Map<string, ExternalTarget>();

  constructor(lookUp: typeof findExternalTarget = findExternalTarget) {
    this.#lookUp = lookUp;
  }

  /** Rejects with `E_TARGET`; the next call looks again then. */
  async find(url: string): Promise<ExternalTarget> {
    const known = this.#found.get(url);
    if (known !== undefined) return known;
    const target = await this.#lookUp(url);
    // Two that ask at the same time are told the same.
    const first = this.#found.get(url) ?? target;
    this.#found.set(url, first);
    return first;
  }
}
