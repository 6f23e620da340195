import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** A server, and the process that connects to it. */
export interface WireEnds {
  readonly kind: "postgres" | "nats";
  /** Where the server listens on the loopback address. */
  readonly port: number;
  /** The name of the process. */
  readonly client: string;
}

/** Wires between processes and servers on the loopback address, which can be cut. What goes over them is not changed. */
export class Wires {
  readonly #wires = new Map<string, Promise<Wire>>();

  /** Lays a wire, or finds it again. @returns the port that the process connects to instead of the server's */
  async lay(ends: WireEnds): Promise<{ port: number }> {
    const name = `${ends.client} ${ends.kind} ${ends.port}`;
    const wire = this.#wires.get(name) ?? layWire(ends);
    this.#wires.set(name, wire);
    return { port: (await wire).port };
  }

  /**
   * Breaks every connection of a process to servers of a kind, and refuses new ones until the wires are mended.
   * @returns how to mend them
   * @throws Error when there is no such wire
   */
  async cut(client: string, kind: WireEnds["kind"]): Promise<() => void> {
    const wires = await Promise.all(this.#wires.values());
    const cut = wires.filter(({ ends }) => ends.client === client && ends.kind === kind);
    if (cut.length === 0) throw new Error(`${client} has no wire to ${kind} that could be cut.`);
    for (const wire of cut) wire.cut();
    return () => {
      for (const wire of cut) wire.mend();
    };
  }

  /** Ends all wires and what goes over them. */
  async close(): Promise<void> {
    for (const wire of await Promise.all(this.#wires.values())) await wire.close();
    this.#wires.clear();
  }
}

interface Wire {
  readonly ends: WireEnds;
  readonly port: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

async function layWire(ends: WireEnds): Promise<Wire> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy();
    near.setNoDelay(true);
    join(near, dial({ host: "127.0.0.1", port: ends.port, noDelay: true }), sockets);
  });
  const port = await listen(server);
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    ends,
    port,
    cut: () => {
      isCut = true;
      breakAll();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      breakAll();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

/** Two halves of a connection: when one breaks, so does the other. */
function join(near: Socket, far: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(socket);
    socket.on("error", () => other.resetAndDestroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      done(typeof address === "object" && address ? address.port : 0);
    });
  });
}
