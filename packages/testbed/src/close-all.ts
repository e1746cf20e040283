/** Closes all, the last first, whatever becomes of one of them. Throws what failed when all were tried. */
export function closeAll(opened: readonly { close(): void }[]): void {
  using stack = new DisposableStack();
  for (const one of opened) stack.adopt(one, () => one.close());
}
