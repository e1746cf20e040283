/** `10.0.0.5:80`, `lab.example:80`, `[2001:db8::1]:80`: as URLs have it too (RFC 3986 §3.2.2). */
export function nameEnd(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
