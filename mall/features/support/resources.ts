import type { Money } from "@mall/common/money";

// What the Mall answers, as far as the features look at it.

/** A basket, open or not. */
export interface Basket {
  readonly id: string;
  readonly status: string;
  readonly items: readonly BasketLine[];
  readonly total: Money;
}

interface BasketLine {
  readonly productId: string;
  readonly quantity: number;
  readonly price: Money;
  readonly priceChanged?: { readonly from: Money; readonly to: Money };
}

/** How far a checkout or a cancellation is. */
export interface Operation {
  readonly name: string;
  readonly done: boolean;
  readonly metadata: { readonly kind: string; readonly orderId: string };
  readonly response?: object;
  readonly error?: Problem;
}

/** Why a request was refused, or an operation failed. */
export interface Problem {
  readonly type: string;
  readonly status: number;
  readonly rule?: string;
}

/** An order. */
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly paymentId: string;
  readonly status: string;
  readonly items: readonly { readonly productId: string; readonly quantity: number; readonly price: Money }[];
  readonly total: Money;
  readonly shoppingListId?: string;
  readonly rejectionReason?: string;
}

/** An order as the search answers it. */
export interface FoundOrder extends Order {
  readonly placedAt: string;
}

/** One thing that happened to an order. */
export interface HistoryEntry {
  readonly version: number;
  readonly type: string;
}

/** A hold on a card. */
export interface Payment {
  readonly id: string;
  readonly amount: Money;
  readonly status: string;
  readonly declineReason?: string;
}

/** What a shopper owes for an order. */
export interface Invoice {
  readonly id: string;
  readonly orderId: string;
  readonly amount: Money;
  readonly status: string;
}

/** What a bot collects for an order. */
export interface ShoppingList {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly stops: readonly {
    readonly storeId: string;
    readonly collected: boolean;
    readonly items: readonly { readonly productId: string; readonly quantity: number }[];
  }[];
}

/** What a shopper was told. */
export interface Notification {
  readonly orderId: string;
  readonly kind: string;
  readonly text: string;
}

/** What the card processor has seen. */
export interface Ledger {
  readonly holds: readonly Hold[];
  readonly captures: readonly LedgerEntry[];
  readonly releases: readonly LedgerEntry[];
}

interface LedgerEntry {
  readonly reference: string;
  readonly amount: Money;
}

interface Hold extends LedgerEntry {
  readonly status: string;
  readonly requests: number;
}

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
