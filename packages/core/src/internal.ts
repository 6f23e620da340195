export { type DataOfEvent, upcastEvent } from "./aggregate.ts";
export { serviceOf } from "./contract.ts";
export { dispositionOf } from "./errors.ts";
export { causeOf, noCause } from "./message.ts";
export { partitionOf } from "./partition.ts";
export { parseData } from "./validate.ts";
