import type { Store } from "../stores/store.ts";
export type Value = Store;
