import type { FastifyRequest } from "fastify";

/**
 * Calls back when the client has closed its connection. (`request.signal` tells so of a request with a body as soon as
 * the body is read.)
 *
 * @returns a function that ends the watching
 */
export function onClientGone(request: FastifyRequest, callback: () => void): () => void {
  const { socket } = request.raw;
  if (socket.destroyed) queueMicrotask(callback);
  socket.once("close", callback);
  return () => socket.off("close", callback);
}
