import {
  defineEvent,
  defineService,
  type MessageOf,
  on,
  onBatch,
  projection,
  type Service,
  type Transaction,
} from "tidings";

/** The version of an account counts its changes: the row lock on the account makes version order commit order. */
export interface Change {
  readonly key: string;
  readonly version: number;
  /** Makes the message as large as a case needs it. */
  readonly text: string;
}

/** A Standard Schema. */
interface ChangeSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: unknown; readonly output: Change };
    validate(
      value: unknown,
    ): { readonly value: Change } | { readonly issues: readonly { readonly message: string }[] };
  };
}

const changeSchema: ChangeSchema = {
  "~standard": {
    version: 1,
    vendor: "tidings",
    validate(value: unknown) {
      const { key, version, text } = (value ?? {}) as Partial<Change>;
      if (typeof key === "string" && typeof version === "number" && typeof text === "string")
        return { value: { key, version, text } };
      return { issues: [{ message: "is not a change" }] };
    },
  },
};

export const Changed = defineEvent("ledger.Changed", { key: "key", schema: changeSchema });
export type ChangedEvent = MessageOf<typeof Changed>;

/** Changes its accounts, and says so. */
export const ledger = defineService("ledger", {
  publishes: [Changed],
  migrations: [
    { name: "0001-accounts", sql: "create table accounts (key text primary key, version int not null)" },
  ],
});

/** The statement behind a change, for transactions of whatever kind. */
export const changeAccount = `insert into ledger.accounts values ($1, 1)
  on conflict (key) do update set version = accounts.version + 1 returning version`;

/** Changes an account in a transaction and publishes its new version. */
export async function changeIn(tx: Transaction, key: string, text = ""): Promise<void> {
  const { rows } = await tx.query<{ version: number }>(changeAccount, [key]);
  tx.publish(Changed, { key, version: rows[0]?.version ?? 0, text });
}

/** How a service keeps the ledger's changes as effects. */
export interface ReaderOptions {
  /** Which instance it is. */
  readonly by?: string;
  /** Called in the transaction of each message, before its effect is kept. */
  readonly before?: (event: ChangedEvent) => unknown;
  /** Called after its effect is kept; what it throws takes the effect back. */
  readonly after?: (event: ChangedEvent) => unknown;
  readonly subscription?: Service["subscription"];
  readonly projects?: Service["projects"];
}

/** An effect has no unique key: a message that takes effect twice is seen as two rows. `place` is the order of effect. */
const effects = {
  name: "0001-effects",
  sql: `create table effects (place bigserial primary key, message uuid not null, key text not null,
    version int not null, by text not null, at timestamptz not null default clock_timestamp())`,
};

/** Keeps a change as an effect. */
async function keep(event: ChangedEvent, tx: Transaction, by: string): Promise<void> {
  const { key, version } = event.data;
  await tx.query("insert into effects (message, key, version, by) values ($1, $2, $3, $4)", [
    event.id,
    key,
    version,
    by,
  ]);
}

/** A service that keeps each change of the ledger as an effect. */
export function reader(name: "follower" | "auditor", options: ReaderOptions = {}): Service {
  const { by = name, before, after, subscription = {}, projects = [] } = options;
  return defineService(name, {
    reacts: [
      on(Changed, async (event, tx) => {
        await before?.(event);
        await keep(event, tx, by);
        await after?.(event);
      }),
    ],
    projects,
    migrations: [effects],
    subscription: { retry: { attempts: 1_000, minDelayMs: 1, maxDelayMs: 20 }, ...subscription },
  });
}

/** A second subscription of a service, with a position of its own: it keeps each change as an effect by `tally`. */
export const tally = projection("tally", [
  onBatch(Changed, async (events, tx) => {
    const columns = [
      events.map(({ id }) => id),
      events.map(({ data }) => data.key),
      events.map(({ data }) => data.version),
    ];
    await tx.query(
      `insert into effects (message, key, version, by)
       select message, key, version, 'tally' from unnest($1::uuid[], $2::text[], $3::int[])
       with ordinality as e (message, key, version, place) order by place`,
      columns,
    );
  }),
]);
