/** The handler of a route whose requests are answered by a hook, before their bodies would be read. */
export function answeredAlready(): never {
  throw new Error("The request was to be answered by the gateway's hook.");
}
