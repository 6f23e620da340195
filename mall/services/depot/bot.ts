import { type Refusal, refuse } from "tidings";

/** Somebody who collects the goods of one list at a time: active while it has one. `version` counts the changes, from 1. */
export interface Bot {
  readonly id: string;
  readonly name: string;
  readonly status: "idle" | "active";
  readonly version: number;
}

/** A bot without a list. */
export function newBot(id: string, name: string): Bot {
  return { id, name, status: "idle", version: 1 };
}

/** The bot with a list to collect. Refused: `bot-is-busy`. */
export function occupyBot(bot: Bot): Bot | Refusal {
  if (bot.status === "active") return refuse("bot-is-busy", "The bot collects another list.");
  return { ...bot, status: "active", version: bot.version + 1 };
}

/** The bot when its list is completed. */
export function freeBot(bot: Bot): Bot {
  return { ...bot, status: "idle", version: bot.version + 1 };
}
