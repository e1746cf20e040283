/**
 * The known name that a person most likely meant: the same name in another case or without its prefix
 * (`tcp_tw_reuse` for `net.ipv4.tcp_tw_reuse`), else the nearest by edits, at most one edit in three letters; a word
 * without dots is compared with the last part of a name. Else a name that ends with the word (`tw_reuse`). Null when
 * nothing is near.
 */
export function suggestName(wrong: string, known: Iterable<string>): string | null {
  const wanted = normalise(wrong);
  if (wanted === "") return null;
  let nearest: string | null = null;
  let ending: string | null = null;
  let leastEdits = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const whole = normalise(name);
    if (whole === wanted || whole.endsWith(`.${wanted}`)) return name;
    if (whole.endsWith(`_${wanted}`)) ending ??= name;
    const candidate = wanted.includes(".") ? whole : whole.slice(whole.lastIndexOf(".") + 1);
    if (Math.abs(candidate.length - wanted.length) >= leastEdits) continue;
    const edits = countEdits(wanted, candidate);
    if (edits < leastEdits) [nearest, leastEdits] = [name, edits];
  }
  return nearest ?? ending;
}

function normalise(name: string): string {
  return name.trim().toLowerCase().replaceAll("/", ".").replaceAll("-", "_").slice(0, 200);
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
export function countEdits(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(substitution, at(last, j) + 1, at(row, j - 1) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
