import type { Role } from "@mall/common/access";
import type { Api } from "@mall/common/http-client";
import { SignJWT } from "jose";
import type { TokenSettings } from "./tokens.ts";

const lifetimeMs = 5 * 60_000;
const renewedBeforeMs = 60_000;

/**
 * An API that is called in the name of the bots: with tokens signed by the mall's own secret, good for five minutes and
 * renewed in time. Without a secret no token is sent.
 */
export function asBots(api: Api, settings: TokenSettings | undefined): Api {
  if (!settings || !("secret" in settings)) return api;
  let token = "";
  let endsAt = 0;
  return async <Body>(route: Parameters<Api>[0], body?: object, headers = {}) => {
    if (Date.now() > endsAt - renewedBeforeMs) {
      endsAt = Date.now() + lifetimeMs;
      token = await signToken(settings, endsAt);
    }
    return api<Body>(route, body, { authorization: `Bearer ${token}`, ...headers });
  };
}

type SecretSettings = Extract<TokenSettings, { readonly secret: string }>;

function signToken({ secret, issuer, audience }: SecretSettings, endsAt: number): Promise<string> {
  const depot: Role = "depot";
  const token = new SignJWT({ roles: [depot], sub: "bots" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(Math.floor(endsAt / 1000));
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
