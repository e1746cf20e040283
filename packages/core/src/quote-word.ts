/** One word of a shell's command line: as it is where no shell reads more into it, else in quotes. */
export function quoteWord(text: string): string {
  const isPlain = /^[\w./@%+,:-][\w./@%+,:=#-]*$/.test(text);
  return isPlain ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
