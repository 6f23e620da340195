import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";

const certificateTool = "openssl";

/** An authority, and certificates of it for the server and for a client. */
export function makeCertificates(directory: string): void {
  const openssl = (...parts: string[]) =>
    execFileSync(certificateTool, parts, { cwd: directory, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=test authority",
  );
  writeFileSync(join(directory, "names"), "subjectAltName=DNS:localhost");
  for (const name of ["server", "client"]) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const parts = [
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
    ];
    openssl("x509", "-req", ...parts, "-extfile", "names", "-out", `${name}.pem`);
  }
}

export interface Credentials {
  readonly config: string;
  readonly credentials: string;
  readonly seed: string;
}

/** An operator with one account and one user, as `nsc` makes them: JWTs that are signed with NKeys. */
export function makeCredentials(): Credentials {
  const [operator, account, user, system] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createUser(),
    nkeys.createAccount(),
  ];
  type Key = typeof operator;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (issuer: Key, subject: Key, claims: object) => {
    const body = {
      jti: subject.getPublicKey(),
      iat: Math.floor(Date.now() / 1_000),
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
    };
    const text = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode({ ...body, ...claims })}`;
    return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`;
  };
  const limits = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorToken = token(operator, operator, {
    name: "test",
    nats: { type: "operator", version: 2, system_account: system.getPublicKey() },
  });
  const accountToken = token(operator, account, {
    name: "mall",
    nats: {
      type: "account",
      version: 2,
      limits: { ...limits, ...storage },
      default_permissions: { pub: {}, sub: {} },
    },
  });
  const systemToken = token(operator, system, { name: "SYS", nats: { type: "account", version: 2, limits } });
  const userToken = token(account, user, {
    name: "ann",
    nats: { type: "user", version: 2, pub: {}, sub: {}, subs: -1, data: -1, payload: -1 },
  });
  const seed = Buffer.from(user.getSeed()).toString();
  return {
    seed,
    config: `operator: ${operatorToken}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountToken}, ${system.getPublicKey()}: ${systemToken} }`,
    credentials: `-----BEGIN NATS USER JWT-----\n${userToken}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  };
}
