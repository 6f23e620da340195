import { isRefusal } from "tidings";
import { describe, expect, it } from "vitest";
import {
  changeParticipation,
  openedStore,
  openStore,
  rebrandStore,
  StoreAggregate,
  type StoreEvent,
} from "./store.ts";

const opened: StoreEvent = {
  type: "StoreOpened",
  data: { name: "The Paper Lantern", location: "North wing" },
};
const joined: StoreEvent = { type: "StoreParticipationChanged", data: { participating: true } };
const left: StoreEvent = { type: "StoreParticipationChanged", data: { participating: false } };
const rebranded: StoreEvent = { type: "StoreRebranded", data: { name: "Lantern & Daughters" } };

function given(...events: StoreEvent[]) {
  const state = events.reduce(StoreAggregate.evolve, StoreAggregate.initial);
  const store = openedStore(state, "a-store");
  if (isRefusal(store)) throw new Error(store.detail);
  return store;
}

describe("a store", () => {
  it("is unknown until it opens", () => {
    expect(openedStore(StoreAggregate.initial, "a-store")).toMatchObject({ rule: "not-found" });
  });

  it("opens under its name, at its location, and does not participate yet", () => {
    expect(openStore({ name: "The Paper Lantern", location: "North wing" })).toEqual([opened]);
    expect(given(opened)).toEqual({
      name: "The Paper Lantern",
      location: "North wing",
      participating: false,
    });
  });

  it("begins to participate", () => {
    expect(changeParticipation(given(opened), true)).toEqual([joined]);
    expect(given(opened, joined).participating).toBe(true);
  });

  it("ceases to participate", () => {
    expect(changeParticipation(given(opened, joined), false)).toEqual([left]);
    expect(given(opened, joined, left).participating).toBe(false);
  });

  it("records nothing when its participation does not change", () => {
    expect(changeParticipation(given(opened), false)).toEqual([]);
    expect(changeParticipation(given(opened, joined), true)).toEqual([]);
  });

  it("takes a new name and keeps everything else", () => {
    expect(rebrandStore(given(opened), "Lantern & Daughters")).toEqual([rebranded]);
    expect(given(opened, joined, rebranded)).toEqual({
      name: "Lantern & Daughters",
      location: "North wing",
      participating: true,
    });
  });

  it("records nothing when the new name is the one that it has", () => {
    expect(rebrandStore(given(opened), "The Paper Lantern")).toEqual([]);
  });
});
