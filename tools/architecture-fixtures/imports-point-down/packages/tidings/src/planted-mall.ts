export { mall } from "../../../mall/main.ts";
