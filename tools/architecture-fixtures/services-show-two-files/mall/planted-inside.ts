export { store } from "./services/stores/store.ts";
