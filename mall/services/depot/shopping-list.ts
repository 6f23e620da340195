import { notFound, type Refusal, refuse } from "tidings";

/**
 * What a bot collects for one order.
 *
 * Moves: pending → available (the order is approved) → assigned (a bot has it) → completed (all stops are collected);
 * pending or available → cancelled. `version` counts the changes, from 1.
 */
export interface ShoppingList {
  readonly id: string;
  readonly orderId: string;
  readonly status: (typeof listStatuses)[number];
  /** The bot that collects or has collected it. */
  readonly botId: string | null;
  readonly stops: readonly Stop[];
  readonly version: number;
}

/** The goods of one store. */
export interface Stop {
  readonly storeId: string;
  readonly storeName: string;
  readonly location: string;
  readonly collected: boolean;
  readonly items: readonly StopItem[];
}

interface StopItem extends OrderedItem {
  readonly productName: string;
}

/** So many units of a product. */
export interface OrderedItem {
  readonly productId: string;
  readonly quantity: number;
}

/** Where a product is found, under the names of this moment. */
export interface ProductPlace {
  readonly productId: string;
  readonly productName: string;
  readonly storeId: string;
  readonly storeName: string;
  readonly location: string;
}

export const listStatuses = ["pending", "available", "assigned", "completed", "cancelled"] as const;

/** A list that nobody may collect yet. */
export function newShoppingList(id: string, orderId: string, stops: readonly Stop[]): ShoppingList {
  return { id, orderId, status: "pending", botId: null, stops, version: 1 };
}

/** One stop for each store, in the order in which the stores first occur, with one item for each of its products. */
export function planStops(items: readonly OrderedItem[], places: readonly ProductPlace[]): readonly Stop[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of items)
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  const placeOf = new Map(places.map((place) => [place.productId, place]));
  const stops = new Map<string, Stop & { readonly items: StopItem[] }>();
  for (const [productId, quantity] of quantities) {
    const place = placeOf.get(productId);
    if (!place) throw new Error(`The place of product ${productId} is missing.`);
    const { storeId, storeName, location, productName } = place;
    const stop = stops.get(storeId) ?? { storeId, storeName, location, collected: false, items: [] };
    stop.items.push({ productId, productName, quantity });
    stops.set(storeId, stop);
  }
  return [...stops.values()];
}

/** The list for bots to take; the very same when it is available already or beyond. Refused: `shopping-list-cancelled`. */
export function releaseList(list: ShoppingList): ShoppingList | Refusal {
  if (list.status === "cancelled") return refuseCancelled();
  return list.status === "pending" ? change(list, { status: "available" }) : list;
}

/** The list in the hands of a bot. Refused: `list-is-not-available`. */
export function assignList(list: ShoppingList, botId: string): ShoppingList | Refusal {
  if (list.status !== "available")
    return refuse("list-is-not-available", `The shopping list is ${list.status}.`);
  return change(list, { status: "assigned", botId });
}

/** The list with one stop collected; the very same when it is already. Refused: `not-found`, `list-is-not-assigned`. */
export function collectStop(list: ShoppingList, storeId: string): ShoppingList | Refusal {
  const stop = list.stops.find((stop) => stop.storeId === storeId);
  if (!stop) return notFound("stop at store", storeId);
  if (list.status !== "assigned") return refuseUnassigned(list);
  if (stop.collected) return list;
  const stops = list.stops.map((other) => (other === stop ? { ...stop, collected: true } : other));
  return change(list, { stops });
}

/** The list at its end. Refused: `list-is-not-assigned`, `stops-not-collected`. */
export function completeList(list: ShoppingList): ShoppingList | Refusal {
  if (list.status !== "assigned") return refuseUnassigned(list);
  const open = list.stops.filter(({ collected }) => !collected).length;
  if (open > 0) return refuse("stops-not-collected", `${open} of ${list.stops.length} stops are open.`);
  return change(list, { status: "completed" });
}

/** The list that nobody will collect; the very same when it is cancelled already. Refused: `shopping-has-begun`. */
export function cancelList(list: ShoppingList): ShoppingList | Refusal {
  if (list.status === "assigned" || list.status === "completed")
    return refuse("shopping-has-begun", "A bot has the shopping list.");
  return list.status === "cancelled" ? list : change(list, { status: "cancelled" });
}

/** The refusal to bring a cancelled list to life. */
export function refuseCancelled(): Refusal {
  return refuse("shopping-list-cancelled", "The shopping list of this order is cancelled.");
}

function refuseUnassigned({ status }: ShoppingList): Refusal {
  return refuse("list-is-not-assigned", `The shopping list is ${status}.`);
}

function change(list: ShoppingList, changes: Partial<ShoppingList>): ShoppingList {
  return { ...list, ...changes, version: list.version + 1 };
}
