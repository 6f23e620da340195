import { TidingsError } from "@tidings/core";

/** How to reach NATS, and how the logs are kept there. */
export interface NatsOptions {
  /** One address or several of one cluster, also separated by commas; `nats://127.0.0.1:4222` by default. */
  readonly servers?: string | readonly string[];
  /** The prefix of all subjects, streams and buckets, so that several applications can share a NATS; "tidings" by default. */
  readonly app?: string;
  /** On how many servers of the cluster each log is kept, 1 to 5; 1 by default. */
  readonly replicas?: number;
  /** After how long an entry is dropped from the broker, read or not; 7 days by default. The outbox keeps its own time. */
  readonly maxAgeMs?: number;
  /** The size beyond which a log drops its oldest entries; unlimited by default. */
  readonly maxBytes?: number;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A `.creds` file with a JWT and an NKey seed. It is read at each connection, so it can be replaced. */
  readonly credentialsFile?: string;
  readonly tls?: NatsTls;
}

/** Paths of PEM files. `{}` asks for TLS with the certificate authorities that the system trusts. */
export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Checked options, with the defaults in place and the credentials taken out of the addresses. */
export interface NatsSettings {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly app: string;
  readonly replicas: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number | undefined;
  readonly credentials: NatsCredentials;
  readonly tls: NatsTls | undefined;
}

export type NatsCredentials =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "file"; readonly path: string };

const week = 7 * 24 * 60 * 60 * 1_000;

/** @throws TidingsError `configuration-invalid`, with every problem at once */
export function settingsOf(options: NatsOptions): NatsSettings {
  const problems = optionProblems(options);
  if (problems.length > 0) throw new TidingsError("configuration-invalid", `${problems.join("; ")}.`);
  const addresses = addressesOf(options.servers).flatMap((text) => readAddress(text) ?? []);
  const isEncrypted = addresses.some(({ isEncrypted }) => isEncrypted);
  return {
    servers: addresses.map(({ server }) => server),
    app: options.app ?? "tidings",
    replicas: options.replicas ?? 1,
    maxAgeMs: options.maxAgeMs ?? week,
    maxBytes: options.maxBytes,
    credentials: credentialsOf(options, addresses)[0] ?? { kind: "none" },
    tls: options.tls ?? (isEncrypted ? {} : undefined),
  };
}

type Field = keyof NatsOptions;

/** What is wrong, without a full stop and without a secret; `nameOf` says what the user calls an option. */
export function optionProblems(options: NatsOptions, nameOf = (field: Field): string => field): string[] {
  const addresses = addressesOf(options.servers).map(readAddress);
  const readable = addresses.filter((address) => address !== undefined);
  const { app = "tidings", replicas = 1, maxAgeMs = week, maxBytes = 1, tls } = options;
  const problem = (isWrong: boolean, field: Field, text: string) =>
    isWrong ? [`${nameOf(field)} ${text}`] : [];
  return [
    ...problem(
      readable.length < addresses.length,
      "servers",
      "has an address that cannot be read as nats://host:port",
    ),
    ...problem(addresses.length === 0, "servers", "names no server"),
    ...problem(
      !/^[A-Za-z0-9_-]{1,40}$/.test(app),
      "app",
      `is "${app}", which is not 1 to 40 letters, digits, - or _`,
    ),
    ...problem(
      !isWithin(replicas, 1, 5),
      "replicas",
      `is ${replicas}, which is not a whole number from 1 to 5`,
    ),
    ...problem(
      !isWithin(maxAgeMs, 1_000, 9e12),
      "maxAgeMs",
      `is ${maxAgeMs}, which is not a whole number from 1000`,
    ),
    ...problem(
      !isWithin(maxBytes, 1, 9e15),
      "maxBytes",
      `is ${maxBytes}, which is not a whole number from 1`,
    ),
    ...problem(
      options.password !== undefined && options.user === undefined,
      "user",
      `is missing, while ${nameOf("password")} is set`,
    ),
    ...problem(
      credentialsOf(options, readable).length > 1,
      "servers",
      `and the other settings give more than one kind of credentials; keep one of user and password, token, credentials file`,
    ),
    ...problem(
      (tls?.certFile === undefined) !== (tls?.keyFile === undefined),
      "tls",
      "needs both a certificate and its key, or neither",
    ),
  ];
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

interface Address {
  readonly server: string;
  readonly isEncrypted: boolean;
  readonly credentials: NatsCredentials | undefined;
}

function addressesOf(servers: NatsOptions["servers"] = "nats://127.0.0.1:4222"): string[] {
  const texts = typeof servers === "string" ? [servers] : servers;
  return texts
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function readAddress(text: string): Address | undefined {
  const withScheme = text.includes("://") ? text : `nats://${text}`;
  if (!/^(nats|tls):\/\//.test(withScheme) || !URL.canParse(withScheme)) return undefined;
  const { protocol, hostname, port, username, password, pathname } = new URL(withScheme);
  if (hostname === "" || !/^\/?$/.test(pathname)) return undefined;
  try {
    const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
    return {
      server: `${hostname}:${port || "4222"}`,
      isEncrypted: protocol === "tls:",
      credentials:
        user === ""
          ? undefined
          : secret === ""
            ? { kind: "token", token: user }
            : { kind: "password", user, password: secret },
    };
  } catch {
    return undefined;
  }
}

/** Every different kind or value that is given; one at most is right. */
function credentialsOf(options: NatsOptions, addresses: readonly Address[]): NatsCredentials[] {
  const { user, password = "", token, credentialsFile } = options;
  const given: (NatsCredentials | undefined)[] = [
    user === undefined ? undefined : { kind: "password", user, password },
    token === undefined ? undefined : { kind: "token", token },
    credentialsFile === undefined ? undefined : { kind: "file", path: credentialsFile },
    ...addresses.map(({ credentials }) => credentials),
  ];
  const found = given.filter((one) => one !== undefined);
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}
