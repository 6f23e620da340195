import { startServer } from "./database.ts"; import { measureDelivery } from "./delivery.ts"; import { measureLimit } from "./limit.ts"; import { measureLatency } from "./latency.ts"; import { measureDrain } from "./drain.ts";
const s = await startServer(); try {
await measureDelivery(s.url, 2000, 16, "nothing");
for (let i=0;i<2;i++) { console.log("limit", await measureLimit(s.url, 20000, 16)); console.log(await measureDelivery(s.url, 20000, 16, "nothing")); }
console.log("drain", await measureDrain(s.url, 60000, 16)); console.log(await measureLatency(s.url, 100, 5));
} finally { await s.close(); }
