import { type Broker, defineCommand, type ServiceNotice } from "@tidings/core";
import type { ConsistencyGate, ServiceRuntime } from "@tidings/postgres/internal";
import { beforeEach, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { changeSchema } from "./promises/ledger.fixture.ts";
import { RemoteServices } from "./remote-services.ts";

const contract = { key: "key", schema: changeSchema, reply: changeSchema } as const;
const Note = defineCommand("notes.Note", contract);
const Change = defineCommand("ledger.Change", contract);

const services = [
  defineService("ledger", { sends: [Note] }),
  defineService("desk", { sends: [Note, Change] }),
  defineService("quiet", {}),
];

/** What was asked of the broker, in order. */
let calls: string[];
let announced: ServiceNotice[];
let tell: (notice: ServiceNotice) => void;
let put: (service: string, question: unknown) => Promise<unknown>;
let comeBack: () => void;
let isAway: boolean;
let changes: number;
let remote: RemoteServices;
beforeEach(() => {
  [calls, announced, changes, isAway] = [[], [], 0, false];
  const responders = new Map<string, (question: unknown) => Promise<unknown>>();
  put = async (service, question) => responders.get(service)?.(question);
  const broker: Pick<Broker, "onReturn" | "openLog" | "announce" | "watch" | "answer"> = {
    onReturn(listener) {
      comeBack = listener;
    },
    async openLog(service) {
      if (isAway) throw new Error("The broker is away.");
      calls.push(`open ${service}`);
    },
    async announce(notice) {
      calls.push(`announce ${notice.service}`);
      announced.push(notice);
    },
    async watch(listener) {
      calls.push("watch");
      tell = listener;
    },
    async answer(service, respond) {
      calls.push(`answer ${service}`);
      responders.set(service, respond);
    },
  };
  const gate: Pick<ConsistencyGate, "answer"> = {
    answer: async (service, question) => ({ outcome: "reached", token: question.token, visited: [service] }),
  };
  const changed = () => void changes++;
  remote = new RemoteServices(broker as Broker, { gate: gate as ConsistencyGate, changed });
});

function runtimeOf(service: string, partitions: number): ServiceRuntime {
  const answerEntries: ServiceRuntime["answerEntries"] = async ({ after }) => ({
    entries: [],
    begins: after + 1,
  });
  return { store: { service, partitions }, answerEntries } as ServiceRuntime;
}

const open = () => remote.open([runtimeOf("ledger", 8), runtimeOf("quiet", 32)], services);

const known = ["open ledger", "announce ledger", "open quiet", "announce quiet"];

it("makes the services of its process known when their logs are open and they answer, and no sooner", async () => {
  await open();
  expect(calls).toEqual(["watch", "answer ledger", "answer quiet", ...known]);
  expect(announced).toEqual([
    { service: "ledger", partitions: 8, sends: ["notes.Note"] },
    { service: "quiet", partitions: 32, sends: [] },
  ]);
});

it("makes them known anew when the broker has come back, once, and not while there is no need", async () => {
  await open();
  calls = [];
  await remote.upkeep();
  expect(calls).toEqual([]);
  comeBack();
  await remote.upkeep();
  await remote.upkeep();
  expect(calls).toEqual(known);
});

it("tries again to make them known when the broker was away", async () => {
  await open();
  calls = [];
  comeBack();
  isAway = true;
  await expect(remote.upkeep()).rejects.toThrow("The broker is away.");
  isAway = false;
  await remote.upkeep();
  expect(calls).toEqual(known);
});

it("knows others from their last notice, and says that something has changed", async () => {
  await open();
  tell({ service: "desk", partitions: 4, sends: [] });
  tell({ service: "desk", partitions: 4, sends: ["notes.Note"] });
  expect([...remote.notices.values()]).toEqual([{ service: "desk", partitions: 4, sends: ["notes.Note"] }]);
  expect(changes).toBe(2);
});

it("adds the senders elsewhere to those of its database, each once, and leaves what it was given as it is", async () => {
  await open();
  for (const service of ["desk", "ledger"])
    tell({ service, partitions: 4, sends: ["notes.Note", "ledger.Change"] });
  const here = new Map([
    ["notes.Note", ["ledger"]],
    ["other.Do", ["other"]],
  ]);
  expect(remote.sendersWith(here)).toEqual(
    new Map([
      ["notes.Note", ["ledger", "desk"]],
      ["other.Do", ["other"]],
      ["ledger.Change", ["desk", "ledger"]],
    ]),
  );
  expect(here.get("notes.Note")).toEqual(["ledger"]);
});

it("answers each question for the service that it was put to, and refuses what it does not know", async () => {
  await open();
  expect(await put("ledger", { about: "reach", token: [], visited: [], timeoutMs: 1 })).toMatchObject({
    visited: ["ledger"],
  });
  expect(await put("quiet", { about: "entries", partition: 0, after: 6, upTo: 9 })).toEqual({
    entries: [],
    begins: 7,
  });
  await expect(put("ledger", { about: "weather" })).rejects.toThrow("a question about weather");
});
