export { postgres } from "../../postgres/src/index.ts";
