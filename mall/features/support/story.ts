import { randomInt } from "node:crypto";
import { World } from "@cucumber/cucumber";
import type { Api, ApiAnswer } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { attentiveClient, bodyOf } from "./client.ts";
import type { Watch } from "./following.ts";
import type { Basket, Operation } from "./resources.ts";

/** Somebody who shops, with what they have by now. */
export interface Shopper {
  readonly id: string;
  readonly name: string;
  basketId?: string;
  paymentId?: string;
  readonly orders: Placed[];
}

/** An order, and the operation that follows its making. */
export interface Placed {
  readonly id: string;
  readonly paymentId: string;
  readonly operation: Operation;
  readonly customerId: string;
}

/** Some units of a product. */
export interface Goods {
  readonly product: string;
  readonly quantity: number;
}

/** One scenario: who takes part in it, and what was answered last. Nobody else has its shoppers, stores and products. */
export class Story extends World {
  readonly stores = new Map<string, string>();
  readonly products = new Map<string, string>();
  readonly bots = new Map<string, string>();
  readonly #shoppers = new Map<string, Shopper>();
  #lastShopper: Shopper | undefined;
  #lastAnswer: ApiAnswer<unknown> | undefined;
  /** The ledger of the card processor tells by it what this scenario has held. */
  readonly oddAmount = money(1_000_000 + randomInt(1_000_000_000));
  /** The cancellations that were asked for, in order. */
  readonly cancellations: Operation[] = [];
  /** What was answered to two requests at once. */
  answers: readonly ApiAnswer<unknown>[] = [];
  /** How the operations ended that were followed. */
  outcomes: readonly Operation[] = [];
  /** The order that somebody watches. */
  watch: Watch | undefined;
  /** What the Mall said, when it asked somebody to come back later. */
  retryAfter: string | null = null;
  url = "";
  api: Api = () => Promise.reject(new Error("The scenario has no Mall yet."));

  /** Takes place in the Mall at this address. */
  visit(url: string): void {
    this.url = url;
    this.api = attentiveClient(url);
  }

  addShopper(shopper: Shopper): void {
    this.#shoppers.set(shopper.name, shopper);
    this.#lastShopper = shopper;
  }

  /** @param name of a shopper; or `she`, `he`, `her`, `his`: who did something last */
  shopper(name: string): Shopper {
    const isPronoun = /^(she|he|her|his)$/.test(name);
    return known(isPronoun ? this.#lastShopper : this.#shoppers.get(name), `shopper ${name}`);
  }

  /** Who does something now: the one that pronouns mean from here on. */
  actor(name: string): Shopper {
    this.#lastShopper = this.shopper(name);
    return this.#lastShopper;
  }

  storeId(name: string): string {
    return known(this.stores.get(name), `store ${name}`);
  }

  productId(name: string): string {
    return known(this.products.get(name), `product ${name}`);
  }

  botId(name: string): string {
    return known(this.bots.get(name), `bot ${name}`);
  }

  /** Keeps an answer, whatever it says, for the step that judges it. */
  tried<Body>(answer: ApiAnswer<Body>): ApiAnswer<Body> {
    this.#lastAnswer = answer;
    return answer;
  }

  get answer(): ApiAnswer<unknown> {
    return known(this.#lastAnswer, "answer");
  }

  async basketOf({ basketId }: Shopper): Promise<Basket> {
    return bodyOf(await this.api<Basket>(`GET /api/baskets/${known(basketId, "basket")}`));
  }
}

/** @throws Error when a step speaks of what no step before it has made */
export function known<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`The scenario has no ${what} yet.`);
  return value;
}
