/** One word of a shell's command line: as it is where no shell reads more into it, else in quotes. */
export function quoteWord(text: string): string {
  const isPlain = /^[\w./@%+,:-][\w./@%+,:=#-]*$/.test(text);
  return isPlain ? text : quoteText(text);
}

/** A text as one word of a POSIX shell, in quotes whatever it holds. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
