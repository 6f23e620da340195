import type { Saga } from "@tidings/core";
import { noCause, stuckAt } from "@tidings/core/internal";
import type { Pool } from "pg";
import { isTransient } from "../errors.ts";
import { runTransaction } from "../run-transaction.ts";
import type { ServiceTransaction } from "../service-transaction.ts";
import type { Log } from "../subscription-settings.ts";
import type { ServiceContext } from "../unit-of-work.ts";
import { moveLocked, moveSagas } from "./move-sagas.ts";
import { lockOverdueSagas, type SagaRow, type StoredSaga, sagaColumns, storedSagaOf } from "./saga-table.ts";

export interface SagaEnvironment {
  readonly pool: Pool;
  readonly context: ServiceContext;
  readonly log: Log;
}

const keptMs = 30 * 24 * 60 * 60 * 1_000;

/**
 * What happens to a service's sagas without a message: deadlines pass, the stuck ones are told, the old ones forgotten.
 * Any number of processes may do it at once.
 */
export class SagaUpkeep {
  readonly #sagas: ReadonlyMap<string, Saga>;
  readonly #env: SagaEnvironment;
  #toldUntil: Date;

  constructor(sagas: readonly Saga[], env: SagaEnvironment) {
    this.#sagas = new Map(sagas.map((saga) => [saga.name, saga]));
    this.#env = env;
    this.#toldUntil = env.context.clock.now();
  }

  /** Lets deadlines pass, and logs who has become stuck. */
  async poll(): Promise<void> {
    if (this.#sagas.size === 0) return;
    const { pool, context } = this.#env;
    const { rows } = await pool.query<{ due: Date | null; stuck: Date | null }>({
      name: "tidings_sagas_due",
      text: `select (select min(deadline_at) from ${context.store.table("sagas")}) as due,
        (select max(stuck_since) from ${context.store.table("sagas")}) as stuck`,
    });
    const [{ due, stuck } = { due: null, stuck: null }] = rows;
    if (due && due <= context.clock.now()) await this.#passDeadlines();
    if (stuck && stuck > this.#toldUntil) await this.#tellStuck();
  }

  /** A hundred at once. One whose definition throws would keep the others waiting: then each moves on its own. */
  async #passDeadlines(): Promise<void> {
    let limit = lockedAtOnce;
    for (let moved = limit; moved === limit; ) {
      const locked: StoredSaga[] = [];
      try {
        moved = await this.#transaction((tx) => passDeadlines(tx, this.#sagas, { limit, locked }));
      } catch (error) {
        if (isTransient(error) || locked.length === 0) throw error;
        if (limit === 1) await this.#stick(locked, error);
        limit = 1;
        moved = limit;
      }
    }
  }

  /** Nobody can send what its definition does not say: the instance waits for a person, like any that is stuck. */
  async #stick([failed]: readonly StoredSaga[], error: unknown): Promise<void> {
    if (!failed) return;
    const { saga, id, cause } = failed;
    const input = { type: "fault", reason: error instanceof Error ? error.message : String(error) } as const;
    await this.#transaction((tx) => moveSagas(tx, tx.store, this.#sagas, [{ saga, id, input, cause }]));
    const { context, log } = this.#env;
    log.error({ service: context.store.service, saga, id, err: error }, "saga failed at its deadline");
  }

  async #transaction<Result>(work: (tx: ServiceTransaction) => Promise<Result>): Promise<Result> {
    const { pool, context } = this.#env;
    return (await runTransaction(pool, context, noCause, work)).result;
  }

  async #tellStuck(): Promise<void> {
    const { pool, context, log } = this.#env;
    const { rows } = await pool.query<SagaRow & { stuck_since: Date }>(
      `select ${sagaColumns}, stuck_since from ${context.store.table("sagas")}
       where stuck_since > $1 order by stuck_since limit 100`,
      [this.#toldUntil],
    );
    for (const row of rows) {
      this.#toldUntil = row.stuck_since;
      const { saga, id, instance } = storedSagaOf(row);
      const fields = { service: context.store.service, saga, id, ...stuckAt(instance) };
      log.warn(fields, "saga is stuck: it waits for a person");
    }
  }

  /** Forgets instances that ended 30 days ago, a thousand at most. */
  async purge(): Promise<void> {
    const { pool, context } = this.#env;
    const table = context.store.table("sagas");
    await pool.query(
      `delete from ${table} where (saga, id) in (
         select saga, id from ${table} where ended_at < $1 order by ended_at limit 1000 for update skip locked)`,
      [new Date(context.clock.now().getTime() - keptMs)],
    );
  }
}

/** @returns how many instances were moved; `locked` is told which they are */
async function passDeadlines(
  tx: ServiceTransaction,
  sagas: ReadonlyMap<string, Saga>,
  { limit, locked }: { readonly limit: number; readonly locked: StoredSaga[] },
): Promise<number> {
  const known = [...sagas.values()].flatMap(({ name, versions }) =>
    [...versions.keys()].map((version) => ({ saga: name, version })),
  );
  const { rows } = await tx.run<SagaRow>(lockOverdueSagas(tx.store, { known, now: tx.now(), limit }));
  locked.splice(0, locked.length, ...rows.map(storedSagaOf));
  const events = locked.map(({ saga, id, cause }) => {
    return { saga, id, input: { type: "deadline" } as const, cause: { ...cause, causationId: null } };
  });
  await moveLocked(tx, tx.store, sagas, { locked, events });
  return rows.length;
}

const lockedAtOnce = 100;
