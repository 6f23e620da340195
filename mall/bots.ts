import { setTimeout as pause } from "node:timers/promises";
import type { Api } from "@mall/common/http-client";
import { Board } from "./bot-board.ts";
import { type Bot, type DepotClient, depotClient, type ShoppingList } from "./bot-depot.ts";

export interface BotsOptions {
  readonly count: number;
  /** How long a bot walks to a stop at least and at most, in milliseconds: so long that one can watch it. */
  readonly walkMs?: readonly [least: number, most: number];
  /** How often idle bots ask for lists, in milliseconds: one request for all of them. */
  readonly pollMs?: number;
  /** Told of each failure; the bot tries again by itself. */
  readonly onFailure?: (error: unknown) => void;
}

/** Simulated bots at work. */
export interface Bots {
  /** Lets each bot finish the request that it is at, no more. Its list is taken up again by the next bot of its name. */
  stop(): Promise<void>;
}

/**
 * Starts bots that collect the goods of shopping lists, over HTTP alone: take a list, collect stop by stop, complete.
 *
 * A bot is known by its name: after a restart it finds itself in the depot, and goes on with the list that it has. It
 * outlives a depot that cannot be reached, asking again after 0.25 s, then less and less often, every 5 s at last.
 */
export function startBots(api: Api, options: BotsOptions): Bots {
  const { count, pollMs = 500 } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const depot = depotClient(api);
  const crew: Crew = {
    ...options,
    depot,
    signal,
    board: new Board(depot, { limit: Math.min(count, 200), pollMs, signal }),
    known: together(() => depot.bots()),
  };
  const names = Array.from({ length: count }, (_, at) => `Bot ${at + 1}`);
  const working = Promise.all(names.map((name) => live(name, crew)));
  return {
    stop: async () => {
      ending.abort();
      await working;
    },
  };
}

interface Crew extends BotsOptions {
  readonly depot: DepotClient;
  readonly board: Board;
  readonly signal: AbortSignal;
  /** All bots that the depot knows. */
  readonly known: () => Promise<Bot[]>;
}

/** A bot's life: after whatever goes wrong it begins anew, with what the depot knows of it. */
async function live(name: string, crew: Crew): Promise<void> {
  const { signal, onFailure } = crew;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const bot = await findBot(name, crew);
      if (bot.status === "active") await goOn(bot, crew);
      for (;;) {
        await takeNext(bot, crew);
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      onFailure?.(error);
      await pause(backoffMs(failures++), undefined, { signal }).catch(() => {});
    }
  }
}

async function findBot(name: string, { depot, known }: Crew): Promise<Bot> {
  return (await known()).find((bot) => bot.name === name) ?? depot.addBot(name);
}

async function goOn(bot: Bot, crew: Crew): Promise<void> {
  const list = await crew.depot.listOf(bot);
  if (list) await carryOut(list, crew);
}

async function takeNext(bot: Bot, crew: Crew): Promise<void> {
  const list = await crew.board.next();
  try {
    const assigned = await crew.depot.assign(list, bot);
    if (assigned) await carryOut(assigned, crew);
  } finally {
    crew.board.release(list);
  }
}

async function carryOut(list: ShoppingList, crew: Crew): Promise<void> {
  const { depot, signal } = crew;
  for (const { storeId, collected } of list.stops) {
    if (collected) continue;
    await walk(crew);
    await depot.collect(list, storeId);
  }
  signal.throwIfAborted();
  await depot.complete(list);
}

async function walk({ walkMs: [least, most] = [50, 200], signal }: Crew): Promise<void> {
  signal.throwIfAborted();
  const milliseconds = least + Math.random() * (most - least);
  if (milliseconds > 0) await pause(milliseconds, undefined, { signal });
}

function backoffMs(failures: number): number {
  return Math.min(250 * 2 ** failures, 5_000) * (0.8 + 0.4 * Math.random());
}

/** One call for all who ask while it runs. */
function together<Result>(call: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= call().finally(() => {
      running = undefined;
    });
    return running;
  };
}
