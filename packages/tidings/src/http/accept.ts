/** Whether a client wants `text/event-stream` rather than JSON: by quality, and at the same one by what comes first. */
export function prefersEventStream(accept: string | undefined): boolean {
  const ranges = (accept ?? "").split(",").map(parseRange);
  const stream = ranges.find(({ type }) => type === "text/event-stream");
  if (!stream || stream.quality === 0) return false;
  const json = ranges.find(({ type }) => type === "application/json");
  if (!json || json.quality < stream.quality) return true;
  return json.quality === stream.quality && ranges.indexOf(stream) < ranges.indexOf(json);
}

function parseRange(text: string): { type: string; quality: number } {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}
