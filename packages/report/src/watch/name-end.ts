/** `10.0.0.5:80`, `[2001:db8::1]:80` */
export function nameEnd(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
