import type { Api } from "@mall/common/http-client";
import { WebSocket } from "ws";
import { bodyOf } from "./client.ts";
import { eventually } from "./eventually.ts";
import type { Operation } from "./resources.ts";

/** Follows an operation to its end, each in its way, and resolves to how it ended. */
export type Follow = (mall: { readonly url: string; readonly api: Api }, name: string) => Promise<Operation>;

const giveUpAfterMs = 30_000;

const polling: Follow = ({ api }, name) =>
  eventually(`${name} is done`, async () => {
    const operation = bodyOf(await api<Operation>(`GET /api/${name}`));
    return operation.done && operation;
  });

const waiting: Follow = async ({ api }, name) =>
  bodyOf(await api<Operation>(`GET /api/${name}`, undefined, { prefer: "wait=20" }));

const streaming: Follow = async ({ url }, name) => {
  const headers = { accept: "text/event-stream" };
  const signal = AbortSignal.timeout(giveUpAfterMs);
  const stream = await (await fetch(`${url}/api/${name}`, { headers, signal })).text();
  const data = /^event: done\n(?:.+\n)*?data: (.+)$/m.exec(stream)?.[1];
  if (!data) throw new Error(`The stream of ${name} ended without the outcome:\n${stream}`);
  return JSON.parse(data);
};

const webSocket: Follow = ({ url }, name) => {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/live`);
  return inTime(
    `the WebSocket says that ${name} is done`,
    () => socket.close(),
    (resolve, reject) => {
      socket.on("open", () => socket.send(JSON.stringify({ subscribe: [name] })));
      socket.on("message", (message) => {
        const { topic, data } = JSON.parse(String(message)) as { topic: string; data: Operation };
        if (topic === name && data.done) resolve(data);
      });
      socket.on("error", reject);
    },
  );
};

/** What a shopper who watches her order has seen so far. */
export interface Watch {
  readonly statuses: readonly string[];
  close(): void;
}

/** Watches an order on a WebSocket. Resolves when it has told how the order is now. */
export async function watchOrder(url: string, orderId: string): Promise<Watch> {
  const topic = `orders/${orderId}`;
  const statuses: string[] = [];
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/live`);
  socket.on("error", () => {});
  socket.on("open", () => socket.send(JSON.stringify({ subscribe: [topic] })));
  socket.on("message", (message) => {
    const told = JSON.parse(String(message)) as { topic: string; data: { status: string } };
    if (told.topic === topic && told.data.status !== statuses.at(-1)) statuses.push(told.data.status);
  });
  await eventually(`the WebSocket tells how ${topic} is`, async () => statuses.length > 0);
  return { statuses, close: () => socket.close() };
}

/** The ways to follow an operation, as the features call them. */
export const ways: Readonly<Record<string, Follow>> = {
  "looking again and again": polling,
  waiting,
  "reading its stream": streaming,
  "listening on a WebSocket": webSocket,
};

async function inTime(
  description: string,
  close: () => void,
  run: (resolve: (operation: Operation) => void, reject: (error: unknown) => void) => void,
): Promise<Operation> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error(`Waited ${giveUpAfterMs} ms until ${description}.`));
      timer = setTimeout(giveUp, giveUpAfterMs);
      run(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    close();
  }
}
