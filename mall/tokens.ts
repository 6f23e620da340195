import { type Caller, roles } from "@mall/common/access";
import { Id } from "@mall/common/id";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { Problem } from "tidings";
import { z } from "zod";

/** Whose tokens are believed: of whoever has the secret (HS256), or of whoever owns the keys at the address. */
export type TokenSettings = ({ readonly secret: string } | { readonly jwksUrl: string }) & {
  /** What `iss` and `aud` must be; anything when left out. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
};

/** A caller with a name. The same name is the same principal: it owns idempotency keys and appears in histories. */
export interface Principal extends Caller {
  readonly actor: string;
}

/** The name of a caller without a token in demo mode. No token has it. */
export const demoActor = "operator";

const signedWithKeys = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];
const keyAlgorithms = [...signedWithKeys, "EdDSA", "Ed25519"];

/**
 * Verifies bearer tokens: the signature by one of the pinned algorithms, `exp` (required), `nbf`, `iss` and `aud`. A key
 * set is fetched when it is first needed, again every ten minutes, and for an unknown key, once in 30 s at most.
 *
 * @returns a function that throws Problem `unauthorized` for a token that is not valid, and `temporarily-unavailable`
 *   when that cannot be found out
 */
export function tokenVerifier(settings: TokenSettings): (token: string) => Promise<Principal> {
  const verify = verification(settings);
  return async (token) => {
    const payload = await verify(token).catch((cause: unknown) => {
      throw isTokenError(cause) ? badToken(cause) : keysUnavailable(cause);
    });
    return principalOf(payload, settings);
  };
}

function verification(settings: TokenSettings): (token: string) => Promise<JWTPayload> {
  const { issuer, audience } = settings;
  const expected = {
    requiredClaims: ["exp"],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  } satisfies JWTVerifyOptions;
  if ("secret" in settings) {
    const key = new TextEncoder().encode(settings.secret);
    return async (token) => (await jwtVerify(token, key, { ...expected, algorithms: ["HS256"] })).payload;
  }
  const keys = createRemoteJWKSet(new URL(settings.jwksUrl));
  return async (token) => (await jwtVerify(token, keys, { ...expected, algorithms: keyAlgorithms })).payload;
}

/** What is wrong with the token itself, and not with us or with whoever keeps the keys. */
const tokenErrors = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function isTokenError(error: unknown): boolean {
  return tokenErrors.some((type) => error instanceof type);
}

/** 401 for a token or a ticket that is no use (RFC 6750); why is not said. */
export function badToken(cause?: unknown): Problem {
  return new Problem("unauthorized", "The token is not valid, or not any more.", {
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
    cause,
  });
}

function keysUnavailable(cause: unknown): Problem {
  const detail = "The token cannot be verified just now: its keys cannot be fetched.";
  return new Problem("temporarily-unavailable", detail, { retryAfter: 5, cause });
}

const printable = z
  .string()
  .regex(/^\P{C}+$/u)
  .max(255);

const Claims = z.object({
  sub: printable.optional(),
  iss: printable.optional(),
  roles: z.array(z.unknown()).catch([]),
  customerId: Id.optional().catch(undefined),
});

/** Roles that are not ours are ignored, and so is a `customerId` that is no id. */
function principalOf(payload: JWTPayload, { issuer }: TokenSettings): Principal {
  const { success, data } = Claims.safeParse(payload);
  if (!success) throw badToken();
  const { sub, iss, customerId } = data;
  const caller: Caller = {
    roles: roles.filter((role) => data.roles.includes(role)),
    ...(customerId !== undefined && { customerId }),
  };
  return { ...caller, actor: actorOf(caller, { sub, issuer: issuer === undefined ? iss : undefined }) };
}

interface Identity {
  readonly sub: string | undefined;
  /** Undefined where only one is believed. */
  readonly issuer: string | undefined;
}

/**
 * The `sub`, or the `customerId` where there is none. What else tells two callers of one name apart follows after `#`,
 * so that no two principals share a name. Tokens that name nobody are one principal for each combination of roles.
 */
function actorOf({ roles, customerId }: Caller, { sub, issuer }: Identity): string {
  const name = sub ?? customerId ?? roles.join("+");
  const marks = [
    ...(customerId === undefined || customerId === name ? [] : [`customer=${customerId}`]),
    ...(issuer === undefined ? [] : [`issuer=${escaped(issuer)}`]),
    ...(sub === undefined ? ["unnamed"] : []),
  ];
  const actor = [escaped(name), ...marks].join("#");
  return actor === demoActor || actor === "anonymous" ? `${actor}#` : actor;
}

function escaped(text: string): string {
  return text.replace(/[%#]/g, encodeURIComponent);
}
