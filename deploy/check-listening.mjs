// Whether somebody listens on a TCP port of this container, by the kernel's own list: a connection to try it would be counted.
import { readFileSync } from "node:fs";

const LISTEN = "0A";
const port = Number(process.argv[2]).toString(16).toUpperCase().padStart(4, "0");
const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
  .map((file) => readFileSync(file, "utf8"))
  .flatMap((text) => text.trim().split("\n").slice(1))
  .map((line) => line.trim().split(/\s+/));
const listens = sockets.some(
  ([, local, , state]) => state === LISTEN && local?.endsWith(`:${port}`),
);
process.exitCode = listens ? 0 : 1;
