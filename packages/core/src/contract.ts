import type { StandardSchemaV1 } from "@standard-schema/spec";

/** What a message is: something that happened, a request to one service, or the answer to such a request. */
export type MessageKind = "event" | "command" | "reply";

/**
 * The published shape of a message: its type, version, ordering key and schema. Declared once, by its owner; the
 * part of `type` before the first dot names that owner. An event's owner publishes it, a command's owner accepts it.
 */
export interface Contract<Type extends string = string, Data = unknown> {
  readonly kind: MessageKind;
  readonly type: Type;
  readonly service: string;
  readonly version: number;
  readonly schema: StandardSchemaV1<unknown, Data>;
  /** A golden example, tested against the schema by producer and consumer alike. */
  readonly example: Data | undefined;
  /** The ordering key of a message with this data: messages with one key are handled in commit order. */
  keyOf(data: Data): string;
  /** Lifts data of an older version to the current one, step by step; data of the current version is returned as it is. */
  upcast(data: unknown, version: number): unknown;
}

export interface EventContract<Type extends string = string, Data = unknown> extends Contract<Type, Data> {
  readonly kind: "event";
}

export interface ReplyContract<Type extends string = string, Data = unknown> extends Contract<Type, Data> {
  readonly kind: "reply";
}

export interface CommandContract<Type extends string = string, Data = unknown, ReplyData = unknown>
  extends Contract<Type, Data> {
  readonly kind: "command";
  /** What the owner answers when it has carried the command out. A refusal is answered with {@link RefusalData}. */
  readonly reply: ReplyContract<`${Type}.Reply`, ReplyOutcome<ReplyData>>;
}

/** A reply's data: the result, or the reason why the owner refused. A refusal is data, not a failure. */
export type ReplyOutcome<Result> =
  | { readonly outcome: "done"; readonly result: Result }
  | { readonly outcome: "refused"; readonly rule: string; readonly detail: string };

/** The data type of a contract. */
export type DataOf<C> = C extends Contract<string, infer Data> ? Data : never;

/** The type name of a contract. */
export type TypeOf<C> = C extends Contract<infer Type, unknown> ? Type : never;

/** What a command's owner answers when it has carried the command out. */
export type ResultOf<C> = C extends CommandContract<string, unknown, infer Result> ? Result : never;

type KeySource<Data> = (keyof Data & string) | ((data: Data) => string);

interface ContractOptions<Schema extends StandardSchemaV1> {
  /** The field of the data that is the ordering key, or a function that computes it. */
  readonly key: KeySource<StandardSchemaV1.InferOutput<Schema>>;
  /**
   * Describes JSON: the data is validated when it is recorded, and again, after a trip through JSON, when it is handled.
   * So it must accept its own output (`z.iso.datetime()`, not `z.date()`).
   */
  readonly schema: Schema;
  /** 1 by default. Raise it with an `upcasts` entry when the shape changes incompatibly. */
  readonly version?: number;
  readonly example?: StandardSchemaV1.InferOutput<Schema>;
  /** `upcasts[n]` turns data of version n into data of version n + 1. */
  readonly upcasts?: Readonly<Record<number, (data: never) => unknown>>;
}

/**
 * Declares an event contract: `defineEvent("ordering.OrderPlaced", { key: "orderId", schema })`.
 *
 * @throws Error when the type is not `<service>.<Name>`, or the version lacks an upcast from an earlier one.
 */
export function defineEvent<const Type extends string, Schema extends StandardSchemaV1>(
  type: Type,
  options: ContractOptions<Schema>,
): EventContract<Type, StandardSchemaV1.InferOutput<Schema>> {
  return { ...contract(type, options), kind: "event" };
}

/** Declares a command contract and the contract of its reply, which is keyed like the command. */
export function defineCommand<
  const Type extends string,
  Schema extends StandardSchemaV1,
  Reply extends StandardSchemaV1,
>(
  type: Type,
  options: ContractOptions<Schema> & { readonly reply: Reply },
): CommandContract<Type, StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferOutput<Reply>> {
  const command = contract(type, options);
  return { ...command, kind: "command", reply: replyContract(type, options.reply) };
}

function contract<Type extends string, Schema extends StandardSchemaV1>(
  type: Type,
  options: ContractOptions<Schema>,
): Omit<Contract<Type, StandardSchemaV1.InferOutput<Schema>>, "kind"> {
  type Data = StandardSchemaV1.InferOutput<Schema>;
  const { key, version = 1, upcasts = {} } = options;
  const steps = upcasts as Readonly<Record<number, (data: unknown) => unknown>>;
  const service = serviceOf(type);
  for (let from = 1; from < version; from++) {
    if (!steps[from])
      throw new Error(`${type} is at version ${version} but has no upcast from version ${from}.`);
  }
  return {
    type,
    service,
    version,
    schema: options.schema as StandardSchemaV1<unknown, Data>,
    example: options.example,
    keyOf: typeof key === "function" ? key : (data) => String((data as Record<string, unknown>)[key] ?? ""),
    upcast: (data, from) => {
      let lifted = data;
      for (let step = from; step < version; step++)
        lifted = (steps[step] as (data: unknown) => unknown)(lifted);
      return lifted;
    },
  };
}

/** The owner named in a message type. @throws Error when the type is not `<service>.<Name>`. */
export function serviceOf(type: string): string {
  if (!/^[a-z][a-z0-9-]*\.[A-Z][A-Za-z0-9]*(\.Reply)?$/.test(type)) {
    throw new Error(
      `"${type}" is not a message type: write <service>.<Name>, for example "ordering.OrderPlaced".`,
    );
  }
  return type.slice(0, type.indexOf("."));
}

function replyContract<Type extends string, Result>(
  command: Type,
  result: StandardSchemaV1<unknown, Result>,
): ReplyContract<`${Type}.Reply`, ReplyOutcome<Result>> {
  return {
    ...contract(`${command}.Reply`, { key: () => "", schema: replySchema(result) }),
    kind: "reply",
  };
}

/** A Standard Schema for a reply: a refusal passes as it is, a result is validated by the command's own schema. */
function replySchema<Result>(
  result: StandardSchemaV1<unknown, Result>,
): StandardSchemaV1<unknown, ReplyOutcome<Result>> {
  const validate = (value: unknown) => {
    const reply = value as ReplyOutcome<unknown> | null;
    if (reply?.outcome === "refused" && typeof reply.rule === "string" && typeof reply.detail === "string") {
      return { value: reply };
    }
    if (reply?.outcome !== "done")
      return { issues: [{ message: "is neither done nor refused", path: ["outcome"] }] };
    const checked = result["~standard"].validate(reply.result);
    return checked instanceof Promise ? checked.then(done) : done(checked);
  };
  return { "~standard": { version: 1, vendor: "tidings", validate } };
}

function done<Result>(
  checked: StandardSchemaV1.Result<Result>,
): StandardSchemaV1.Result<ReplyOutcome<Result>> {
  return checked.issues ? checked : { value: { outcome: "done", result: checked.value } };
}
