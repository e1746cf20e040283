/** A custom property of the page, as it is now: colours change with the theme. */
export function readColour(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}

/** The same colour, partly transparent. Only for the six-digit colours of the page's own style. */
export function readTint(token: string, alpha: number): string {
  const byte = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0");
  return `${readColour(token)}${byte}`;
}
