/** What is measured with and without something that can be turned on. */
export interface PairedSlices<T extends Disposable> {
  /** How often off, on, on, off is measured. */
  readonly quads: number;
  readonly turnOn: () => T;
  /** Makes the caches what they are in the middle of a slice, whatever turning on or off did to them. */
  readonly settle: () => void;
  /** The cost of one slice; null when it is off. */
  readonly slice: (on: T | null) => number;
}

/** The cost of a slice while it is off, and what being on adds to it, by one quad. */
export interface PairedCost {
  readonly off: number;
  readonly added: number;
}

/**
 * What being on adds to the cost of a slice, once per quad. A drift of the machine that is steady over a quad cancels out,
 * and what happens to one quad alone is one outlier among many.
 */
export function comparePaired<T extends Disposable>(paired: PairedSlices<T>): PairedCost[] {
  return Array.from({ length: paired.quads }, () => measureQuad(paired));
}

function measureQuad<T extends Disposable>({ turnOn, settle, slice }: PairedSlices<T>): PairedCost {
  const measure = (on: T | null): number => {
    settle();
    return slice(on);
  };
  const before = measure(null);
  const during = measureWhileOn(turnOn, measure);
  const after = measure(null);
  const off = (before + after) / 2;
  return { off, added: during - off };
}

function measureWhileOn<T extends Disposable>(turnOn: () => T, measure: (on: T) => number): number {
  using on = turnOn();
  return (measure(on) + measure(on)) / 2;
}
