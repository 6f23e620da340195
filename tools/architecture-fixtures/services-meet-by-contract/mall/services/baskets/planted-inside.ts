import { store } from "../stores/store.ts";
export const value = store;
