import { type Caller, setCaller } from "@mall/common/access";
import { type JWTPayload, SignJWT } from "jose";
import type { ApplicationOptions } from "tidings";

/** For tests of one service: every request is the operator's. */
export const asOperator: NonNullable<ApplicationOptions["http"]> = (app) => {
  app.addHook("onRequest", async (request) => {
    request.actor = "operator";
    setCaller(request, { roles: ["operator"] });
  });
};

/** What the tokens of {@link tokenFor} are signed with. */
export const testSecret = "a secret of the tests, and of nobody else";

/** A token of somebody with these roles, that is good for an hour. A claim that is undefined is left out. */
export function tokenFor(claims: Caller & JWTPayload): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return new SignJWT({ exp, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(testSecret));
}
