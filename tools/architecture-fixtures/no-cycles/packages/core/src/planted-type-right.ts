import type { Left } from "./planted-type-left.ts";
export interface Right { readonly left: Left }
