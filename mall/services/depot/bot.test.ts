import { describe, expect, it } from "vitest";
import { type Bot, freeBot, newBot, occupyBot } from "./bot.ts";

const idle = newBot("bot", "Trundle");
const active = occupyBot(idle) as Bot;

describe("a bot", () => {
  it("is idle at first, at version 1", () => {
    expect(idle).toEqual({ id: "bot", name: "Trundle", status: "idle", version: 1 });
  });

  it("is active with a list and idle again after it, one version each", () => {
    expect(active).toEqual({ ...idle, status: "active", version: 2 });
    expect(freeBot(active)).toEqual({ ...idle, version: 3 });
  });

  it("takes no second list", () => {
    expect(occupyBot(active)).toMatchObject({ rule: "bot-is-busy" });
  });
});
