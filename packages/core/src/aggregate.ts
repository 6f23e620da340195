/** What happened to an aggregate: a private event of its service, in the past tense. */
export interface DomainEvent {
  readonly type: string;
  readonly data: unknown;
}

/**
 * An event-sourced aggregate: its state is what `evolve` makes of its events, in order. Deciding is left to plain
 * functions `(state, request) => Event[] | Refusal`, which are pure and are called again when somebody else was faster.
 */
export interface Aggregate<State = unknown, Event extends DomainEvent = DomainEvent> {
  /** Part of the stream's name, `<name>-<id>`: never change it once events are stored. */
  readonly name: string;
  readonly initial: State;
  /** Pure and total over stored events: it may not throw for an event that was once recorded. */
  evolve(state: State, event: Event): State;
  /** Lifts stored events of an earlier shape: `upcasts[type](data)` returns today's event, or several, or none. */
  readonly upcasts: Readonly<Record<string, (data: never) => Event | readonly Event[]>>;
  /** A snapshot is stored every so many events and thrown away when `version` changes. */
  readonly snapshot: { readonly every: number; readonly version: number } | undefined;
}

/** The state of one aggregate in one transaction. `version` is the number of its events; 0 means that it does not exist. */
export interface AggregateRoot<State, Event extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly state: State;
  readonly version: number;
  /** Carries the event type for inference. */
  readonly aggregate: Aggregate<State, Event>;
}

/** Declares an aggregate. `evolve` has one function per event type, so a forgotten type does not compile. */
export function defineAggregate<State, Event extends DomainEvent>(
  name: string,
  options: {
    readonly initial: State;
    readonly evolve: {
      readonly [Type in Event["type"]]: (state: State, data: DataOfEvent<Event, Type>) => State;
    };
    readonly upcasts?: Readonly<Record<string, (data: never) => Event | readonly Event[]>>;
    readonly snapshot?: { readonly every: number; readonly version?: number };
  },
): Aggregate<State, Event> {
  const steps = options.evolve as Record<string, (state: State, data: unknown) => State>;
  return {
    name,
    initial: options.initial,
    evolve: (state, event) => {
      const step = steps[event.type];
      if (!step)
        throw new Error(`${name} cannot evolve by "${event.type}": add it to evolve, or to upcasts.`);
      return step(state, event.data);
    },
    upcasts: options.upcasts ?? {},
    snapshot: options.snapshot && { every: options.snapshot.every, version: options.snapshot.version ?? 1 },
  };
}

/** The data of one type in a union of domain events. */
export type DataOfEvent<Event extends DomainEvent, Type extends Event["type"]> = Extract<
  Event,
  { type: Type }
>["data"];

/** Any event of a union, spelt type by type: so that TypeScript knows an event that a decision writes in place. */
export type AnyOf<Event extends DomainEvent> = {
  readonly [Type in Event["type"]]: { readonly type: Type; readonly data: DataOfEvent<Event, Type> };
}[Event["type"]];

/** Today's events for a stored one: itself, unless its type has an upcast. */
export function upcastEvent<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  stored: DomainEvent,
): readonly Event[] {
  const lift = aggregate.upcasts[stored.type] as ((data: unknown) => Event | readonly Event[]) | undefined;
  if (!lift) return [stored as Event];
  const lifted = lift(stored.data);
  return Array.isArray(lifted) ? (lifted as readonly Event[]) : [lifted as Event];
}
