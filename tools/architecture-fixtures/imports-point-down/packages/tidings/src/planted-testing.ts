import { testing } from "../../testing/src/index.ts";
export const value = testing;
