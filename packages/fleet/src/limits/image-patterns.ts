/** A name without tag, with its registry and folders: as Docker's reference grammar has it, and nothing that begins with a dash. */
const NAME = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const ANY_TAG = ":*";

/** An image as it is written: its name, and what follows it. */
interface Reference {
  readonly name: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

/** Whether the text may stand in an agent's file: `nginx`, `nginx:1.28`, `nginx@sha256:…`, or `nginx:*`. */
export function isImagePattern(text: string): boolean {
  return parse(text.endsWith(ANY_TAG) ? text.slice(0, -ANY_TAG.length) : text) !== null;
}

/**
 * Whether an image is one of these, as it is written: `nginx` allows `nginx` alone, and not `nginx:latest`, which engines take for
 * the same. `nginx:*` allows every tag of it that is written, and nothing else: `registry:*` not `registry:5000/other`.
 */
export function isAllowedImage(image: string, patterns: readonly string[]): boolean {
  const asked = parse(image);
  if (asked === null) return false;
  return patterns.some((pattern) => {
    if (!pattern.endsWith(ANY_TAG)) return pattern === image;
    const isOnlyTag = asked.tag !== null && asked.digest === null;
    return isOnlyTag && asked.name === pattern.slice(0, -ANY_TAG.length);
  });
}

function parse(text: string): Reference | null {
  const [before = "", digest = null, ...more] = text.split("@");
  if (more.length > 0 || (digest !== null && !DIGEST.test(digest))) return null;
  const colon = before.lastIndexOf(":");
  const hasTag = colon > before.lastIndexOf("/");
  const name = hasTag ? before.slice(0, colon) : before;
  const tag = hasTag ? before.slice(colon + 1) : null;
  if (!NAME.test(name) || (tag !== null && !TAG.test(tag))) return null;
  return { name, tag, digest };
}
