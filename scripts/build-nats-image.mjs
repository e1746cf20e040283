// Builds an image of this machine's nats-server (Debian's package has one), FROM scratch, where no registry of images is within
// reach:   node scripts/build-nats-image.mjs [name] && export NATS_IMAGE=churnlab-nats
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { buildScratchImage } from "./scratch-image.mjs";

const name = process.argv[2] ?? "churnlab-nats";
const found = execFileSync("sh", ["-c", "command -v nats-server"], { encoding: "utf8" }).trim();

buildScratchImage(name, {
  program: realpathSync(found),
  place: "nats-server",
  lines: ["EXPOSE 4222", 'ENTRYPOINT ["/nats-server"]'],
});
console.log(`${name}: ${execFileSync(found, ["--version"], { encoding: "utf8" }).trim()}`);
