import type { Socket } from "node:net";
import { type ProblemSlug, problemContentType, problemTypes, problemUri } from "./problem.ts";

const slugs: Readonly<Record<string, ProblemSlug>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** Answers what is not HTTP, before there is a request to answer: with a problem, and the connection is closed. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const slug = slugs[error.code ?? ""] ?? "bad-request";
  const { status, title, meaning } = problemTypes[slug];
  const body = JSON.stringify({ type: problemUri(slug), title, status, detail: meaning });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${problemContentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
