/** What went wrong first: that something failed on the way out as well, as on a full disk, is no news. */
export function findFirstError(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? findFirstError(thrown.suppressed) : thrown;
}
