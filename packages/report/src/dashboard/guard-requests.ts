import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const COOKIE = "churnlab_token";
const TOKEN_BYTES = 24;
/** Only so that a path is a whole address. */
const BASE = "http://localhost";
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Open to anyone who asks, as a supervisor must be able to without a secret. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(["/healthz"]);

const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Who may ask for what: see `guardRequests`. */
export interface Guard {
  readonly token: string;
  /** Whether a request proves that it knows the token, in its cookie or as a bearer. */
  knowsToken(request: FastifyRequest): boolean;
  /** Whether a request may be told what the database holds, and where it is. */
  mayRead(request: FastifyRequest): boolean;
  /** Whether a request that changes something comes from a page of this server, or from no page at all. */
  isSameOrigin(request: FastifyRequest): boolean;
}

export interface GuardOptions {
  readonly isLoopback: boolean;
  /** The address that the server listens on. */
  readonly listen: string;
}

/**
 * Puts every request behind the rules: strict headers; on loopback only names of loopback and the address itself, since a foreign page may let its
 * own name point here (DNS rebinding); on any other address only who knows the token.
 */
export function guardRequests(app: FastifyInstance, { isLoopback, listen }: GuardOptions): Guard {
  const names = new Set([...LOOPBACK_NAMES, isIP(listen) === 6 ? `[${listen}]` : listen]);
  const guard = makeGuard(randomBytes(TOKEN_BYTES).toString("base64url"), isLoopback);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    if (isLoopback && !names.has(hostName(request))) {
      return reply.code(421).send({
        error: "this server answers to localhost only, and to the address that it listens on",
      });
    }
    // `//` and `/\\` begin a host in an address, and name none.
    if (!URL.canParse(request.url, BASE)) {
      return reply.code(400).send({ error: "this address cannot be read" });
    }
    if (takeTokenFromAddress(request, reply, guard)) return reply;
    const path = request.url.split("?")[0] ?? "";
    if (PUBLIC_PATHS.has(path) || guard.mayRead(request)) return undefined;
    return reply
      .code(401)
      .send({ error: "open the address that was printed at the start: it carries the token" });
  });
  return guard;
}

function makeGuard(token: string, isLoopback: boolean): Guard {
  const knowsToken = (request: FastifyRequest): boolean =>
    [readCookie(request), readBearer(request)].some(
      (given) => given !== null && isEqual(given, token),
    );
  return {
    token,
    knowsToken,
    mayRead: (request) => isLoopback || knowsToken(request),
    isSameOrigin(request) {
      const { origin, host } = request.headers;
      const site = request.headers["sec-fetch-site"];
      if (site !== undefined && site !== "same-origin") return false;
      return origin === undefined ? readBearer(request) !== null : hostOfOrigin(origin) === host;
    },
  };
}

/** An address with the right token sets the cookie, and leads to the same address without it. */
function takeTokenFromAddress(
  request: FastifyRequest,
  reply: FastifyReply,
  { token }: Guard,
): boolean {
  const address = new URL(request.url, BASE);
  const given = address.searchParams.get("token");
  if (request.method !== "GET" || given === null || !isEqual(given, token)) return false;
  address.searchParams.delete("token");
  reply.header("set-cookie", `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`);
  // Only the path: `//elsewhere` would lead away.
  void reply.redirect(`/${address.pathname.replace(/^\/+/, "")}${address.search}`, 303);
  return true;
}

/** Takes as long for a wrong token as for the right one. */
function isEqual(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function readCookie({ headers }: FastifyRequest): string | null {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const [name, ...value] = pair.trim().split("=");
    if (name === COOKIE) return value.join("=");
  }
  return null;
}

function readBearer({ headers }: FastifyRequest): string | null {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? null;
}

function hostName({ headers }: FastifyRequest): string {
  return (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
}

function hostOfOrigin(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
