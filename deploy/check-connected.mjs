// Whether this container has a connection to a TCP port elsewhere, by the kernel's own list.
import { readFileSync } from "node:fs";

const ESTABLISHED = "01";
const port = Number(process.argv[2]).toString(16).toUpperCase().padStart(4, "0");
const isConnected = ["/proc/net/tcp", "/proc/net/tcp6"]
  .flatMap((file) => readFileSync(file, "utf8").trim().split("\n").slice(1))
  .map((line) => line.trim().split(/\s+/))
  .some(([, , remote, state]) => state === ESTABLISHED && remote?.endsWith(`:${port}`));
process.exitCode = isConnected ? 0 : 1;
