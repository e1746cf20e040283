import { readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { KeyWatch } from "./known-keys.ts";

export const KUBERNETES: string = path.resolve(import.meta.dirname, "../kubernetes");

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [key: string]: unknown;
}

/** Every document of a file of deploy/kubernetes. */
export function readManifests(file: string): Manifest[] {
  const text = readFileSync(path.join(KUBERNETES, file), "utf8");
  return parseAllDocuments(text).map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
    return document.toJS() as Manifest;
  });
}

interface Validator {
  (data: unknown): boolean;
  readonly errors?:
    | readonly {
        readonly instancePath: string;
        readonly keyword: string;
        readonly params: object;
      }[]
    | null;
}

const GROUPS: Readonly<Record<string, string>> = {
  v1: "CoreV1",
  "apps/v1": "AppsV1",
  "batch/v1": "BatchV1",
  "networking.k8s.io/v1": "NetworkingV1",
};

/** What the schema of its kind, of the Kubernetes API itself, has against a manifest: wrong values, and keys it never reads. */
export async function findProblems(manifest: Manifest): Promise<string[]> {
  const { apiVersion, kind } = manifest;
  const schema = `kubernetes-models/_schemas/IoK8sApi${GROUPS[apiVersion]}${kind}`;
  const { validate } = (await import(schema)) as { validate: Validator };
  const watch = new KeyWatch();
  if (!validate(watch.watch(manifest))) {
    return (validate.errors ?? []).map(
      ({ instancePath, keyword, params }) => `${instancePath} ${keyword} ${JSON.stringify(params)}`,
    );
  }
  return watch.unread(manifest).map((at) => `${at} is no key of ${kind}`);
}
