// A program for the tests: one service that is run as an application would be. It tells its parent its address, and
// when a request has begun; that request is answered after SIGUSR2.
import { defineService } from "./define-service.ts";
import { run } from "./run.ts";

const release = new Promise<void>((resolve) => process.on("SIGUSR2", () => resolve()));

const service = defineService("small", {
  http: (app) => {
    app.get("/held", async () => {
      process.send?.("held");
      await release;
      return { held: true };
    });
  },
});

const application = await run([service]);
process.send?.(application.url);
