// Whether somebody listens on the target's TCP port in this container, by the kernel's own list: a connection to try it would
// be counted. The port is the one of CHURNLAB_TARGET, 8080 without it.
import { readFileSync } from "node:fs";

const LISTEN = "0A";
const { job } = JSON.parse(process.env["CHURNLAB_TARGET"] ?? '{"job":{"port":8080}}');
const port = Number(job.port).toString(16).toUpperCase().padStart(4, "0");
const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
  .map((file) => readFileSync(file, "utf8"))
  .flatMap((text) => text.trim().split("\n").slice(1))
  .map((line) => line.trim().split(/\s+/));
const listens = sockets.some(
  ([, local, , state]) => state === LISTEN && local?.endsWith(`:${port}`),
);
process.exitCode = listens ? 0 : 1;
