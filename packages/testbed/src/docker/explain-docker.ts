import { ChurnError, type ErrorCode } from "@churnlab/core/errors";

interface Explanation {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint: string;
}

/** What engines say, and what to do about it. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /permission denied.*(?:socket|daemon)|dial unix .*permission denied/is,
    code: "E_CAPABILITY",
    hint: "Run as root, or as a member of the group that the engine's socket belongs to.",
  },
  {
    pattern:
      /cannot connect to the docker daemon|is the docker daemon running|no such file.*docker\.sock|connection refused|error during connect/i,
    code: "E_CONTAINER_ENGINE",
    hint: "Start the engine, or set DOCKER_HOST to its socket.",
  },
  {
    pattern: /version .*too (?:old|new)|unknown flag/i,
    code: "E_CONTAINER_ENGINE",
    hint: "Docker 20.10 or newer is needed, the engine and its command line alike.",
  },
  {
    pattern: /no space left on device/i,
    code: "E_CONTAINER_ENGINE",
    hint: "Make room where the engine keeps its data: docker system df shows what takes it.",
  },
  {
    pattern:
      /no such image|unable to find image|image not known|pull access denied|manifest unknown|failed to resolve reference|repository .* not found/i,
    code: "E_IMAGE",
    hint: "Nothing is pulled in silence: run with --pull, or pull or build it yourself.",
  },
  {
    pattern:
      /sysctl .*(?:not allowed|not in a separate|is not in)|unknown.*sysctl|write sysctl key|\/proc\/sys\//is,
    code: "E_TESTBED",
    hint: "The engine sets only what a network namespace has for itself: net.*, never with host networking, in Kubernetes only its safe list. What it refuses has to be set on the host, or the container run --privileged.",
  },
  {
    pattern: /executable file not found|no such file or directory.*exec|exec: /is,
    code: "E_TARGET",
    hint: "Name a program inside the image: target.command.",
  },
];

/** The error of a failed command of the engine, from what it wrote. */
export function explainDocker(
  stderr: string,
  { program, args }: { readonly program: string; readonly args: readonly string[] },
): ChurnError {
  // Its configuration that cannot be read, for example, is no reason.
  const said = stderr.replaceAll(/^WARNING: .*\n?/gm, "").trim();
  const text = said.replace(/^(?:docker: |Error: )?Error response from daemon: /i, "");
  const found = EXPLANATIONS.find(({ pattern }) => pattern.test(said));
  const message = `${program} ${args[0] ?? ""}: ${text === "" ? "it failed without a word" : text}`;
  return found === undefined
    ? new ChurnError("E_TESTBED", message, {
        hint: "These are the engine's own words; its log may say more.",
      })
    : new ChurnError(found.code, message, { hint: found.hint });
}
