import { mall } from "../../main.ts";
export const value = mall;
