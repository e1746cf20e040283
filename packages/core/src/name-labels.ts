/** ` with zone=b disk=ssd`, to stand behind who has to have them; nothing where none are asked for. */
export function nameLabels(labels: Readonly<Record<string, string>>): string {
  const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return named.length === 0 ? "" : ` with ${named.join(" ")}`;
}
