import type { Host } from "../../tidings/src/index.ts";
export type Up = Host;
