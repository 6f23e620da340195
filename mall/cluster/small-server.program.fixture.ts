// A program for the tests: answers on PORT until it is told otherwise. GET /readyz is 200, or 503 after /unready;
// /hang keeps it from answering anything for ever, /crash ends it with an error. MOOD=deaf: it does not end on SIGTERM;
// MOOD=broken: it does not even start; MOOD=slow: it is never ready; MOOD=once:<file>: only the first time.
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const { PORT, MOOD } = process.env;
if (MOOD === "broken") throw new TypeError("the fuse is blown");
const [, marker] = /^once:(.+)/.exec(MOOD ?? "") ?? [];
let status = MOOD === "slow" || (marker && existsSync(marker)) ? 503 : 200;
if (marker) writeFileSync(marker, "");
const server = createServer(({ url }, response) => {
  if (url === "/unready") status = 503;
  if (url === "/hang") for (;;) Math.random();
  if (url === "/crash") process.exit(7);
  response.writeHead(status).end();
});
server.listen(Number(PORT), "127.0.0.1");
process.on("disconnect", () => process.exit());
process.on("SIGTERM", () => MOOD !== "deaf" && process.exit());
console.log(`listens at ${PORT}`);
