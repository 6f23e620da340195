import { service } from "../stores/service.ts";
export const value = service;
