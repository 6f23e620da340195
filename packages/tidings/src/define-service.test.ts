import { defineCommand, defineEvent, handles, on, onReply, projection } from "@tidings/core";
import { describe, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { changeSchema } from "./promises/ledger.fixture.ts";
import { groupsOf, migrationPlanOf, recordsOf, settingsOf } from "./service-plan.ts";

const contract = { key: "key", schema: changeSchema } as const;
const Changed = defineEvent("ledger.Changed", contract);
const Closed = defineEvent("ledger.Closed", contract);
const Noted = defineEvent("notes.Noted", contract);
const Change = defineCommand("ledger.Change", { ...contract, reply: changeSchema });
const Note = defineCommand("notes.Note", { ...contract, reply: changeSchema });

const change = handles(Change, async ({ data }) => data);
const onNoted = on(Noted, () => {});
const onNoteReply = onReply(Note, () => {});

describe("the definition of a service", () => {
  it.each(["a", "ledger", "order-list-2", "a".repeat(40)])("takes %s for a name", (name) => {
    expect(defineService(name, {}).name).toBe(name);
  });

  it.each([
    "",
    "Ledger",
    "2ledger",
    "-ledger",
    "order_list",
    "order list",
    "ledger.x",
    "a".repeat(41),
    "ledger\n",
  ])("does not take %j for a name", (name) => {
    expect(() => defineService(name, {})).toThrow(
      `"${name}" is not a service name: use up to 40 lower-case letters, digits and dashes.`,
    );
  });

  it("refuses to own what belongs to another service", () => {
    expect(() => defineService("ledger", { publishes: [Changed, Noted] })).toThrow(
      "notes.Noted belongs to notes: ledger cannot own it.",
    );
    const note = handles(Note, async ({ data }) => data);
    expect(() => defineService("ledger", { accepts: [note] })).toThrow("notes.Note belongs to notes");
    expect(() => defineService("ledger", { sends: [Note], reacts: [onNoted, onNoteReply] })).not.toThrow();
  });

  it("refuses a second handler of a command, and a second projection of one name", () => {
    expect(() => defineService("ledger", { accepts: [change, change] })).toThrow(
      "ledger declares the command ledger.Change twice.",
    );
    const list = projection("list", [onNoted]);
    expect(() => defineService("ledger", { projects: [list, projection("list", [])] })).toThrow(
      "ledger declares the projection list twice.",
    );
    expect(() => defineService("ledger", { reacts: [onNoted, onNoted], projects: [list] })).not.toThrow();
  });

  it("is complete when nothing is given", () => {
    const { http, partitions, ...rest } = defineService("ledger", {});
    expect([http, partitions]).toEqual([undefined, undefined]);
    expect(rest).toEqual({
      name: "ledger",
      publishes: [],
      sends: [],
      accepts: [],
      reacts: [],
      sagas: [],
      projects: [],
      views: [],
      live: [],
      migrations: [],
      subscription: {},
    });
  });
});

const service = defineService("ledger", {
  publishes: [Changed, Closed],
  sends: [Note],
  accepts: [change],
  reacts: [onNoted, onNoteReply],
  projects: [projection("list", [on(Noted, () => {})]), projection("empty", [])],
  partitions: 8,
  migrations: [{ name: "0001", sql: "select 1" }],
});

describe("the plan of a service", () => {
  it("has one group for its own handlers and one for each projection, if there are handlers", () => {
    const groups = groupsOf(service);
    expect(groups.map(({ name }) => name)).toEqual(["ledger", "ledger/list"]);
    expect(groups[0]?.handlers).toEqual([change, onNoted, onNoteReply]);
    expect(groupsOf(defineService("ledger", {}))).toEqual([]);
  });

  it("lets it record its events, its commands and the replies to what it accepts, and nothing else", () => {
    expect(recordsOf(service)).toEqual(
      new Set(["ledger.Changed", "ledger.Closed", "notes.Note", "ledger.Change.Reply"]),
    );
  });

  it("tells in which role it has to do with which messages", async () => {
    expect(await migrationPlanOf(service)).toEqual({
      service: "ledger",
      partitions: 8,
      migrations: [{ name: "0001", sql: "select 1" }],
      contracts: [
        { role: "publishes", type: "ledger.Changed" },
        { role: "publishes", type: "ledger.Closed" },
        { role: "sends", type: "notes.Note" },
        { role: "accepts", type: "ledger.Change" },
        { role: "handles", type: "notes.Noted" },
        { role: "handles", type: "notes.Note.Reply" },
        { role: "handles", type: "notes.Noted" },
      ],
    });
    expect(await migrationPlanOf(defineService("ledger", {}))).not.toHaveProperty("partitions");
  });

  it("puts its settings over the defaults, one by one", () => {
    const given = { workers: 2, retry: { attempts: 3 } };
    expect(settingsOf(defineService("ledger", { subscription: given }))).toEqual({
      batchSize: 500,
      workers: 2,
      handlerTimeoutMs: 30_000,
      sliceMs: 50,
      retry: { attempts: 3, minDelayMs: 100, maxDelayMs: 60_000 },
    });
    expect(settingsOf(defineService("ledger", {}))).toMatchObject({ workers: 8, retry: { attempts: 10 } });
  });
});
