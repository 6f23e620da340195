import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReplyOutcome } from "../contract.ts";
import { Owners, partsOf, randomSaga, type Shape, shapes, stepOf } from "./random-saga.fixture.ts";
import { nameOf, SagaRun, tripEvent } from "./saga.fixture.ts";
import type { SentCommand } from "./saga-draft.ts";
import { hasEnded, type SagaInstance } from "./saga-instance.ts";

/** What happens next, among all that may. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant("handle" as const), which: fc.nat(), willing: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ what: fc.constant("deliver" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("repeat" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("time" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("resume" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("abort" as const) }) },
);
const happenings = fc.array(happening, { maxLength: 60 });
type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

interface Reply {
  readonly command: SentCommand;
  readonly outcome: ReplyOutcome<unknown>;
}

/** An instance among its owners. Commands of one step, and replies to them, keep their order; nothing else does. */
class World {
  readonly run: SagaRun;
  readonly owners = new Owners();
  readonly #shape: Shape;
  readonly #commands = new Map<string, SentCommand[]>();
  readonly #replies = new Map<string, Reply[]>();
  readonly #delivered: Reply[] = [];

  constructor(shape: Shape) {
    this.#shape = shape;
    this.run = new SagaRun(randomSaga(shape), tripEvent());
    this.#queue(this.run.sent);
  }

  happen(happening: Happening): void {
    const before = this.run.instance;
    const sentBefore = this.run.sent.length;
    this.#happen(happening);
    const sent = this.run.sent.slice(sentBefore);
    this.#queue(sent);
    expect(JSON.parse(JSON.stringify(this.run.instance))).toEqual(this.run.instance);
    if (hasEnded(before)) expect(this.run.instance).toBe(before);
    for (const command of sent) this.#expectInOrder(command, before);
  }

  /** From now on everybody does what is asked: all is handled, all replies arrive, all deadlines pass. */
  finish(): void {
    for (let round = 0; round < 200 && !hasEnded(this.run.instance); round++) {
      while (this.#commands.size > 0) this.happen({ what: "handle", which: 0, willing: true });
      while (this.#replies.size > 0) this.happen({ what: "deliver", which: 0 });
      this.happen({ what: "time" });
      this.happen({ what: "resume" });
    }
    while (this.#commands.size > 0) this.happen({ what: "handle", which: 0, willing: true });
    while (this.#replies.size > 0) this.happen({ what: "deliver", which: 0 });
  }

  #happen(happening: Happening): void {
    if (happening.what === "time") this.run.pass(1_000);
    else if (happening.what === "resume") this.run.resume();
    else if (happening.what === "abort") this.run.abort();
    else if (happening.what === "repeat") {
      const reply = pick(this.#delivered, happening.which);
      if (reply) this.run.reply(reply.command, reply.outcome);
    } else if (happening.what === "handle") {
      const command = takeFirst(this.#commands, happening.which);
      if (!command) return;
      const outcome = this.owners.handle(command, happening.willing);
      put(this.#replies, stepOf(command), { command, outcome });
    } else {
      const reply = takeFirst(this.#replies, happening.which);
      if (!reply) return;
      this.#delivered.push(reply);
      this.run.reply(reply.command, reply.outcome);
    }
  }

  #queue(commands: readonly SentCommand[]): void {
    for (const command of commands) put(this.#commands, stepOf(command), command);
  }

  /** @param before what it was when the command was decided upon */
  #expectInOrder(command: SentCommand, before: SagaInstance): void {
    const name = nameOf(command);
    const parts = partsOf(this.#shape);
    const at = parts.findIndex((part) => part.includes(stepOf(command)));
    const states = this.run.states;
    if (name.startsWith("DoS")) {
      const earlier = parts.slice(0, at).flat();
      for (const one of earlier) expect(["done", "skipped"], `${one} before ${name}`).toContain(states[one]);
    }
    if (name.startsWith("Undo")) {
      const step = stepOf(command);
      const was = before.steps.find((one) => one.name === step)?.state ?? "";
      expect(["running", "done", "timed-out", "undoing"], `${step} undone`).toContain(was);
      const flat = parts.flat();
      for (const one of flat.slice(flat.indexOf(step) + 1)) {
        const isSettled = ["pending", "skipped", "refused", "undone"].includes(states[one] ?? "");
        expect(isSettled || !this.#canUndo(one), `${one} is ${states[one]} before ${step} is undone`).toBe(
          true,
        );
      }
    }
  }

  #canUndo(name: string): boolean {
    const [, at = "", index = ""] = /^S(\d)x(\d)$/.exec(name) ?? [];
    return Number(at) !== this.#shape.pivot && this.#shape.parts[Number(at)]?.[Number(index)]?.undo === true;
  }

  /** Completed: all is in effect. Compensated: nothing that can be undone, and not the pivot. */
  expectSoundEnd(): void {
    const { instance, states } = this.run;
    expect(hasEnded(instance), JSON.stringify(instance)).toBe(true);
    const steps = partsOf(this.#shape).flat();
    const pivot = `S${this.#shape.pivot}x0`;
    for (const step of steps) {
      const isIn = this.owners.inEffect.has(step);
      if (instance.status === "completed") expect(isIn, step).toBe(states[step] === "done");
      else if (step === pivot || this.#canUndo(step)) expect(isIn, `${step} in effect`).toBe(false);
    }
    const undone = this.run.names.filter((name) => name.startsWith("Undo"));
    if (instance.status === "completed") expect(undone).toEqual([]);
  }
}

function put<One>(queues: Map<string, One[]>, key: string, one: One): void {
  queues.set(key, [...(queues.get(key) ?? []), one]);
}

function pick<One>(all: readonly One[], which: number): One | undefined {
  return all[which % all.length];
}

function takeFirst<One>(queues: Map<string, One[]>, which: number): One | undefined {
  const key = pick([...queues.keys()], which);
  if (key === undefined) return undefined;
  const [first, ...rest] = queues.get(key) ?? [];
  if (rest.length > 0) queues.set(key, rest);
  else queues.delete(key);
  return first;
}

test("any saga, whatever happens, keeps its order and ends in one state, with its effects all there or undone", () => {
  fc.assert(
    fc.property(shapes, happenings, (shape, all) => {
      const world = new World(shape);
      for (const one of all) world.happen(one);
      world.finish();
      world.expectSoundEnd();
    }),
    { numRuns: 500 },
  );
});
