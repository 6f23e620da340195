import type { Right } from "./planted-type-right.ts";
export interface Left { readonly right: Right }
