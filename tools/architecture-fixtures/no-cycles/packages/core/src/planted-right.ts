import { left } from "./planted-left.ts";
export const right = () => left;
