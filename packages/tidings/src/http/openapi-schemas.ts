import type { StandardJSONSchemaV1 } from "@standard-schema/spec";

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * The schemas of a document. A schema with an id is kept once, under `components/schemas`, and referred to by its id;
 * one without stands where it is used.
 */
export class OpenApiSchemas {
  readonly #named = new Map<string, JsonSchema>();

  /** What is under `components/schemas`. */
  get components(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /**
   * The JSON Schema of what a Standard Schema takes.
   * @throws Error when it has none, or another schema has an id of its own
   */
  convert(schema: unknown): JsonSchema {
    const { $schema: _, $defs = {}, ...root } = jsonSchemaOf(schema);
    for (const [id, definition] of Object.entries($defs as object)) {
      this.add(id, withComponentRefs(definition) as JsonSchema);
    }
    return withComponentRefs(root) as JsonSchema;
  }

  /** Keeps a schema under an id. @throws Error when another one has it */
  add(id: string, schema: JsonSchema): JsonSchema {
    const known = this.#named.get(id);
    if (known && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two different schemas have the id ${id}`);
    }
    this.#named.set(id, schema);
    return { $ref: `${componentRef}${id}` };
  }

  /** The schema itself, where it is referred to by its id. */
  resolve(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === "string" ? (this.#named.get($ref.slice(componentRef.length)) ?? schema) : schema;
  }

  /** The first of the schema's examples, or undefined. */
  exampleOf(schema: JsonSchema): unknown {
    const { examples } = this.resolve(schema);
    return Array.isArray(examples) ? examples[0] : undefined;
  }
}

const componentRef = "#/components/schemas/";
const ownRef = "#/$defs/";

function jsonSchemaOf(schema: unknown): Record<string, unknown> {
  const { "~standard": standard } = schema as Partial<StandardJSONSchemaV1>;
  if (!standard?.jsonSchema) throw new Error("it cannot say what it is as a JSON Schema");
  return standard.jsonSchema.input({ target: "draft-2020-12" });
}

function withComponentRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withComponentRefs);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "$ref" && typeof member === "string" ? componentRefOf(member) : withComponentRefs(member),
    ]),
  );
}

function componentRefOf(ref: string): string {
  if (!ref.startsWith(ownRef)) throw new Error(`it refers to ${ref}, which has no id`);
  return componentRef + ref.slice(ownRef.length);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
