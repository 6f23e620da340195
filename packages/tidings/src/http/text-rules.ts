import type { ValidationIssue } from "@tidings/core";

/** Deeper nesting than this is refused, so that no walk over a body can exhaust the stack. */
const maxDepth = 100;

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const controlCharacter = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/**
 * What is wrong with the texts in a JSON value, at any depth, names of fields included: control characters other than
 * newline (PostgreSQL cannot store NUL, terminals and logs obey the others), lone surrogates, and too deep nesting.
 * Ten issues at most.
 */
export function textIssues(value: unknown): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  inspect(value, "", 0, issues);
  return issues;
}

function inspect(value: unknown, pointer: string, depth: number, issues: ValidationIssue[]): void {
  if (issues.length === 10) return;
  if (typeof value === "string") {
    const detail = textIssue(value);
    if (detail) issues.push({ pointer, detail });
  } else if (typeof value === "object" && value !== null) {
    if (depth === maxDepth) issues.push({ pointer, detail: `is nested deeper than ${maxDepth} levels` });
    else inspectMembers(value, pointer, depth, issues);
  }
}

function inspectMembers(value: object, pointer: string, depth: number, issues: ValidationIssue[]): void {
  const isArray = Array.isArray(value);
  for (const [name, member] of Object.entries(value)) {
    const at = `${pointer}/${isArray ? name : name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const detail = isArray ? undefined : textIssue(name);
    if (detail) issues.push({ pointer, detail: `has a field whose name ${detail}` });
    inspect(member, at, depth + 1, issues);
  }
}

/** What is wrong with one text, or undefined. */
function textIssue(text: string): string | undefined {
  if (controlCharacter.test(text)) return "contains a control character";
  return text.isWellFormed() ? undefined : "contains half of a surrogate pair";
}
