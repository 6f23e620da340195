import { right } from "./planted-right.ts";
export const left = () => right;
