import { tidings } from "../../tidings/src/index.ts";
export const value = tidings;
