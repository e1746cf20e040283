const LISTED_MAX = 8;

/** `a, b, c and 5 more`: the first of many names. */
export function listSome(names: readonly string[]): string {
  const rest = names.length - LISTED_MAX;
  return names.slice(0, LISTED_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
