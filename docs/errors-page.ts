import { errorCatalogue } from "../packages/core/src/errors.ts";

const introduction = `# Errors

<!-- Generated from packages/core/src/errors.ts: npm test -- errors-page -u -->

Every error that the library raises is a \`TidingsError\` with a stable \`code\`. \`disposition\` says what happens to the
message whose handler threw it: \`retry\` is tried again with a growing delay, a limited number of times; \`park\` becomes a
dead letter at once. A failure to start has nothing to retry: there the code and the fix are what counts.

An error of your own that a handler throws is retried. Throw \`ParkMessage\` when trying again cannot help. A business
refusal is not an error: return \`refuse(rule, detail)\`.

`;

/** The page \`docs/errors.md\`, made from the catalogue. */
export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { message, disposition, fix }]) => `| \`${code}\` | ${message} | ${disposition} | ${fix} |`,
  );
  return [
    `${introduction}| code | what it means | disposition | how to fix it |`,
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
