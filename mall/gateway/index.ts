export { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export { readUpstreams, type UpstreamSettings } from "./upstream-settings.ts";
