import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Wires } from "./wires.ts";

let server: Server;
let wires: Wires;
let port: number;
const open = new Set<Socket>();
beforeEach(async () => {
  wires = new Wires();
  server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  await wires.close();
  server.close();
});

function lay(client: string, kind: "postgres" | "nats" = "postgres") {
  return wires.lay({ kind, port, client });
}

function dial(to: number): Socket {
  const socket = connect({ host: "127.0.0.1", port: to });
  socket.on("error", () => {});
  open.add(socket);
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((done) => socket.once("close", () => done()));
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = await once(socket, "data");
  return String(answer);
}

describe("A wire", () => {
  it("carries what is said in both directions", async () => {
    expect(await echo(dial((await lay("search-1")).port), "hello")).toBe("hello");
  });

  it("is laid once between two ends", async () => {
    const ports = await Promise.all([
      lay("search-1"),
      lay("search-1"),
      lay("search-2"),
      lay("search-1", "nats"),
    ]);
    expect(ports[0]).toEqual(ports[1]);
    expect(new Set(ports.map((wire) => wire.port)).size).toBe(3);
  });

  it("breaks when it is cut, and refuses until it is mended", async () => {
    const { port: near } = await lay("search-1");
    const socket = dial(near);
    await echo(socket, "before");
    const mend = await wires.cut("search-1", "postgres");
    await closed(socket);
    const refused = dial(near);
    await closed(refused);
    expect(refused.bytesRead).toBe(0);
    mend();
    expect(await echo(dial(near), "after")).toBe("after");
  });

  it("stays whole when others are cut", async () => {
    const mine = dial((await lay("search-1")).port);
    await lay("search-2");
    await lay("search-1", "nats");
    await wires.cut("search-2", "postgres");
    await wires.cut("search-1", "nats");
    expect(await echo(mine, "still here")).toBe("still here");
  });

  it("ends when the server ends", async () => {
    const socket = dial((await lay("search-1")).port);
    const [far] = await once(server, "connection");
    far.destroy();
    await closed(socket);
  });

  it("that does not exist cannot be cut", async () => {
    await expect(wires.cut("nobody", "nats")).rejects.toThrow(
      "nobody has no wire to nats that could be cut.",
    );
  });
});
