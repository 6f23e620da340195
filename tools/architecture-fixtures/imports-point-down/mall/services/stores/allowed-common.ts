export { money } from "../../common/money.ts";
