import { ChurnError, type ErrorCode } from "@churnlab/core";

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
    hint: "Run as root: the target's namespace has to be entered as well.",
  },
  {
    pattern:
      /cannot connect to the docker daemon|is the docker daemon running|no such file.*docker\.sock/i,
    code: "E_TESTBED",
    hint: "Start the engine, or set DOCKER_HOST to its socket.",
  },
  {
    pattern: /no such image|unable to find image|image not known|pull access denied/i,
    code: "E_TARGET",
    hint: "Nothing is pulled in silence: pull or build it yourself.",
  },
  {
    pattern: /no space left on device/i,
    code: "E_TESTBED",
    hint: "Make room where the engine keeps its data: docker system df shows what takes it.",
  },
  {
    pattern:
      /sysctl .*(?:not allowed|not in a separate|is not in)|unknown.*sysctl|write sysctl key/is,
    code: "E_TESTBED",
    hint: "The engine sets only net.* and a few others, and none with host networking; Kubernetes only its safe list.",
  },
  {
    pattern: /executable file not found|no such file or directory.*exec|exec: /is,
    code: "E_TARGET",
    hint: "target.command names a program inside the image.",
  },
  {
    pattern: /(?:client|server) (?:api )?version .*too (?:old|new)/i,
    code: "E_TESTBED",
    hint: "Bring the engine and its command line to the same age.",
  },
];

/** The error of a failed command of the engine, from what it wrote. */
export function explainDocker(
  stderr: string,
  { program, args }: { readonly program: string; readonly args: readonly string[] },
): ChurnError {
  const text = stderr.trim().replace(/^(?:docker: )?Error response from daemon: /i, "");
  const found = EXPLANATIONS.find(({ pattern }) => pattern.test(stderr));
  const message = `${program} ${args[0] ?? ""}: ${text === "" ? "it failed without a word" : text}`;
  return found === undefined
    ? new ChurnError("E_TESTBED", message)
    : new ChurnError(found.code, message, { hint: found.hint });
}
