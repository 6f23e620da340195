export { money } from "../services/stores/service.ts";
