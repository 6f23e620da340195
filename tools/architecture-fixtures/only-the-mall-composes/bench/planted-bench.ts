export { service } from "../mall/services/stores/service.ts";
