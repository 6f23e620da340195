import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Contract } from "./contract.ts";
import { TidingsError } from "./errors.ts";

/** One thing that is wrong with a value: where (a JSON pointer, "" for the value itself) and what. */
export interface ValidationIssue {
  readonly pointer: string;
  readonly detail: string;
}

/** Validates with any Standard Schema; synchronous unless the schema itself is asynchronous. */
export function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
): ValidationResult<Output> | Promise<ValidationResult<Output>> {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then(toResult) : toResult(result);
}

export type ValidationResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly ValidationIssue[] };

function toResult<Output>(result: StandardSchemaV1.Result<Output>): ValidationResult<Output> {
  return result.issues ? { issues: result.issues.map(toIssue) } : { value: result.value };
}

function toIssue(issue: StandardSchemaV1.Issue): ValidationIssue {
  const segments = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  const pointer = segments.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return { pointer, detail: issue.message };
}

/**
 * The data of a message, lifted to the contract's current version and validated.
 * @throws TidingsError `message-invalid`, naming each field that is wrong but no value.
 */
export function parseData<Data>(
  contract: Contract<string, Data>,
  data: unknown,
  version: number,
): Data | Promise<Data> {
  if (version > contract.version) {
    throw new TidingsError(
      "message-too-new",
      `${contract.type} v${version} arrived where v${contract.version} is known.`,
    );
  }
  const result = validate(contract.schema, contract.upcast(data, Math.max(1, version)));
  const checked = (outcome: ValidationResult<Data>): Data => {
    if (!outcome.issues) return outcome.value;
    const wrong = outcome.issues.map((issue) => `${issue.pointer || "/"} ${issue.detail}`).join("; ");
    throw new TidingsError("message-invalid", `${contract.type} v${contract.version}: ${wrong}`);
  };
  return result instanceof Promise ? result.then(checked) : checked(result);
}
