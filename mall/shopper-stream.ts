import type { ShopperClient } from "./shopper-client.ts";

/**
 * Follows an operation as a browser's `EventSource` would, until it is done.
 * @returns the operation; undefined when the stream ended before, so that one has to ask again
 */
export async function followStream<Operation>(
  client: ShopperClient,
  path: string,
): Promise<Operation | undefined> {
  const { patience, signal } = client.place;
  client.place.tally.requests++;
  try {
    return await readStream<Operation>(client, path);
  } catch (error) {
    if (!patience || signal.aborted || !(error instanceof TypeError)) throw error;
    patience.streamLost(error);
    return undefined;
  }
}

/** `fetch` says by a TypeError that the connection was refused or lost. */
async function readStream<Operation>(
  { place, headers }: ShopperClient,
  path: string,
): Promise<Operation | undefined> {
  const accept = { accept: "text/event-stream" };
  const { signal } = place;
  const response = await fetch(new URL(path, place.url), { headers: { ...headers(), ...accept }, signal });
  place.patience?.streamAnswered(response);
  if (!response.ok || !response.body) return undefined;
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    const last = events.find((event) => /^event: done$/m.test(event));
    const data = last && /^data: (.*)$/m.exec(last)?.[1];
    if (data) return JSON.parse(data) as Operation;
  }
  return undefined;
}
