/**
 * Wraps a value so that every key that somebody reads is remembered. A schema's validator reads the keys that it knows; the
 * schemas of Kubernetes let others pass, where a cluster would drop them without a word.
 */
export class KeyWatch {
  readonly #read = new Set<string>();

  watch<T extends object>(value: T, path = ""): T {
    return new Proxy(value, {
      get: (target, key) => {
        const inner: unknown = Reflect.get(target, key);
        if (typeof key !== "string") return inner;
        const at = `${path}/${key}`;
        this.#read.add(at);
        return typeof inner === "object" && inner !== null ? this.watch(inner, at) : inner;
      },
    });
  }

  /** Paths that nobody read, the outermost of each. */
  unread(value: object, path = ""): string[] {
    return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      const at = `${path}/${key}`;
      if (!this.#read.has(at)) return [at];
      return typeof inner === "object" && inner !== null ? this.unread(inner, at) : [];
    });
  }
}
