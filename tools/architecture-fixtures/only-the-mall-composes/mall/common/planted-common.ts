export { service } from "../services/stores/service.ts";
