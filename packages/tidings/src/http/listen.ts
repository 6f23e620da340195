import { TidingsError } from "@tidings/core";
import type { FastifyInstance } from "fastify";

/** @returns the URL. @throws TidingsError with one sentence that says why the address cannot be used */
export async function listen(
  app: FastifyInstance,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<string> {
  try {
    return await app.listen({ host: address, port });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const at = `The address ${address}:${port}`;
    if (code === "EADDRINUSE") {
      const hint = "stop the program that listens there, or set PORT to another port";
      throw new TidingsError("address-in-use", `${at} is in use: ${hint}.`);
    }
    if (!unusable.has(code ?? "")) throw error;
    throw new TidingsError("configuration-invalid", `${at} cannot be used: ${message}.`, { cause: error });
  }
}

const unusable = new Set(["EACCES", "EADDRNOTAVAIL", "EAI_AGAIN", "ENOTFOUND"]);
