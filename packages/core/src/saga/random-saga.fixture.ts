import fc from "fast-check";
import type { ReplyOutcome } from "../contract.ts";
import { defineSaga, type Saga } from "./define-saga.ts";
import { done, nameOf, refused, type TripReply, TripRequested, tripCommand } from "./saga.fixture.ts";
import type { SentCommand } from "./saga-draft.ts";
import type { StepBuilder } from "./saga-step.ts";
import { idOf } from "./trip.fixture.ts";

/** What a random definition is made of. */
export interface Shape {
  readonly parts: readonly (readonly { readonly undo: boolean; readonly wanted: boolean }[])[];
  /** The part that is the pivot; none when it is not a part. It is then a single step. */
  readonly pivot: number;
  readonly revoke: boolean;
  readonly endings: number;
  readonly attempts: number;
}

const probably = fc.integer({ min: 0, max: 4 }).map((number) => number > 0);
const step = fc.record({ undo: probably, wanted: probably });

export const shapes: fc.Arbitrary<Shape> = fc.record({
  parts: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
  pivot: fc.integer({ min: -1, max: 4 }),
  revoke: fc.boolean(),
  endings: fc.integer({ min: 0, max: 2 }),
  attempts: fc.integer({ min: 1, max: 3 }),
});

/** The names of the steps of each part: `S0x1` is the second of the first. */
export function partsOf({ parts, pivot }: Shape): string[][] {
  return parts.map((part, at) =>
    part.slice(0, at === pivot ? 1 : part.length).map((_, index) => `S${at}x${index}`),
  );
}

export function randomSaga(shape: Shape): Saga {
  const names = partsOf(shape);
  const saga = defineSaga("Random", {
    startedBy: TripRequested,
    start: () => ({ id: "t1" }),
    deadlineMs: 1_000,
    attempts: shape.attempts,
    steps: ({ step, parallel }) =>
      shape.parts.map((part, at) => {
        const steps = (names[at] ?? []).map((name, index) => {
          const { undo = false, wanted = true } = part[index] ?? {};
          let one: StepBuilder<{ id: string }, TripReply> = step(name)
            .invoke(tripCommand(`Do${name}`), idOf)
            .when(() => wanted || at === shape.pivot);
          if (at === shape.pivot) one = one.pivot();
          if (at === shape.pivot && shape.revoke) one = one.revoke(tripCommand(`Revoke${name}`), idOf);
          return undo && at !== shape.pivot ? one.compensate(tripCommand(`Undo${name}`), idOf) : one;
        });
        const [only] = steps;
        return steps.length === 1 && only ? only : parallel(...steps);
      }),
    whenCompensated: ({ step }) =>
      Array.from({ length: shape.endings }, (_, index) =>
        step(`E${index}`).invoke(tripCommand(`DoE${index}`), idOf),
      ),
  });
  return saga as unknown as Saga;
}

/** The owners of all commands: they handle those of one step in order, and keep what is in effect. */
export class Owners {
  readonly inEffect = new Set<string>();
  readonly #revoked = new Set<string>();

  handle(command: SentCommand, isWilling: boolean): ReplyOutcome<unknown> {
    const [, what = "", step = ""] = /^(Do|Undo|Revoke)(.*)$/.exec(nameOf(command)) ?? [];
    const isIn = this.inEffect.has(step);
    if (what === "Do" && isIn) return done;
    if (!isWilling || (what === "Do" && this.#revoked.has(step)) || (what === "Revoke" && isIn))
      return refused();
    if (what === "Do") this.inEffect.add(step);
    if (what === "Undo") this.inEffect.delete(step);
    if (what === "Revoke") this.#revoked.add(step);
    return done;
  }
}

/** The step of a command. */
export function stepOf(command: SentCommand): string {
  return nameOf(command).replace(/^(Do|Undo|Revoke)/, "");
}
