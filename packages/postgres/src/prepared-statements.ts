import type { ClientBase } from "pg";

/** So many statements of the user's are kept on one connection; the others are parsed each time. */
const mostPrepared = 100;

/** By connection: the statements seen so far, and from the second time on their names. */
const seen = new WeakMap<ClientBase, Map<string, string>>();

/**
 * The name under which a statement is prepared on a connection: from the second time on, so that one that is only used
 * once (a list of values in its text) does not stay there. It spares the server parsing and planning.
 */
export function statementName(client: ClientBase, text: string): string | undefined {
  let names = seen.get(client);
  if (!names) {
    names = new Map();
    seen.set(client, names);
  }
  const name = names.get(text);
  if (name === undefined && names.size < mostPrepared) names.set(text, `tidings_statement_${names.size}`);
  return name;
}
