import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "./engine.ts";

const NAME = "churnlab-test-registry";
const READY_MS_MAX = 60_000;

/** The part of the registry protocol that a pull needs: files below /v2, with their media types. */
const SERVER = `
const { appendFileSync, createReadStream, existsSync, renameSync, statSync, writeFileSync } = require("node:fs");
require("node:http").createServer((request, answer) => {
  appendFileSync("/registry/requests", request.url + "\\n");
  const file = "/registry" + request.url.replace("sha256:", "");
  if (request.url === "/v2/") return answer.end("{}");
  if (!existsSync(file)) return answer.writeHead(404).end();
  const type = request.url.includes("/manifests/")
    ? "application/vnd.docker.distribution.manifest.v2+json" : "application/octet-stream";
  answer.writeHead(200, { "content-type": type, "content-length": statSync(file).size });
  if (request.method === "HEAD") return answer.end();
  createReadStream(file).pipe(answer);
}).listen(0, "127.0.0.1", function () {
  writeFileSync("/registry/requests", "");
  writeFileSync("/registry/new", String(this.address().port));
  renameSync("/registry/new", "/registry/port");
});
`;

/** A registry of images on the engine's own loopback, in a container; engines take that for a place to pull from without TLS. */
export class ImageRegistry implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(path.join(tmpdir(), "churnlab-registry-"));

  static async start(): Promise<ImageRegistry> {
    const registry = new ImageRegistry();
    const folder = registry.#folder;
    const options = ["--detach", "--rm", "--network", "host", "--volume", `${folder}:/registry`];
    docker("run", "--name", NAME, ...options, "churnlab-base", "node", "-e", SERVER);
    const untilMs = performance.now() + READY_MS_MAX;
    while (!existsSync(path.join(folder, "port"))) {
      if (performance.now() > untilMs) throw new Error(docker("logs", NAME));
      await sleep(20);
    }
    return registry;
  }

  /** Puts an image with one file and no program into the registry alone, and returns its name. */
  push(name: string): string {
    const port = readFileSync(path.join(this.#folder, "port"), "utf8");
    const image = `127.0.0.1:${port}/${name}:latest`;
    const work = path.join(this.#folder, "work");
    mkdirSync(work);
    writeFileSync(path.join(work, "file"), "pulled\n");
    execFileSync("tar", ["-C", work, "-cf", path.join(work, "in.tar"), "file"]);
    docker("import", "--change", 'CMD ["/no-program"]', path.join(work, "in.tar"), image);
    docker("save", "--output", path.join(work, "out.tar"), image);
    docker("image", "rm", image);
    execFileSync("tar", ["-C", work, "-xf", path.join(work, "out.tar")]);
    const [saved] = JSON.parse(readFileSync(path.join(work, "manifest.json"), "utf8"));
    const blobOf = (file: string, mediaType: string) => ({
      mediaType,
      ...this.#addBlob(name, path.join(work, file)),
    });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: blobOf(saved.Config, "application/vnd.docker.container.image.v1+json"),
      layers: saved.Layers.map((layer: string) =>
        blobOf(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
      ),
    });
    for (const reference of ["latest", digestOf(Buffer.from(manifest))]) {
      this.#write(`${name}/manifests/${reference}`, manifest);
    }
    return image;
  }

  countRequests(): number {
    return readFileSync(path.join(this.#folder, "requests"), "utf8").split("\n").length - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    docker("rm", "--force", NAME);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #addBlob(name: string, file: string): { size: number; digest: string } {
    const digest = digestOf(readFileSync(file));
    this.#write(`${name}/blobs/${digest}`, readFileSync(file));
    return { size: statSync(file).size, digest: `sha256:${digest}` };
  }

  #write(place: string, content: string | Buffer): void {
    const file = path.join(this.#folder, "v2", place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
