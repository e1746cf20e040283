/** A text in which no line ends inside a number or between a number and its unit. */
export function keepTogether(text: string): string {
  return text.replaceAll(/(?<=\d) (?=\d{3}(?!\d)|[µm]?s\b|%)/g, "\u00a0");
}
