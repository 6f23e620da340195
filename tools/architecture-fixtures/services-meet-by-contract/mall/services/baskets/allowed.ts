export { contract } from "../stores/contract.ts";
