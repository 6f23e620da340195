import { createInbox, type Msg, type Subscription } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import type { ConsumerPlace } from "./consumers.ts";

/** What a feed tells its reader. */
export interface FeedListener {
  delivered(message: Msg, sequence: number): void;
  /** The last pull has ended: pull again, when there is room. */
  idle(): void;
  /** It is unknown whether everything arrives: the consumer has to be put in place anew. Nothing follows. */
  broken(reason: string): void;
}

/** How much is asked for at a time. */
const pullEntries = 1_000;
const pullBytes = 16 * 1_024 * 1_024;
const pullMs = 30_000;
const heartbeatMs = 1_000;
/** A consumer that is silent for so long has lost its leader, or the pull. */
const silenceMs = 3_000;

/**
 * Pulls from one consumer, from its first delivery on: one pull at a time, watched by heartbeats. The client's own
 * `consume()` is not used, since it waits 30 s after a failed check, and limits either messages or bytes.
 *
 * States: idle → `pull` → pulling → (all delivered or expired) idle; broken or stopped for good. It is broken by
 * silence, by a gap in the numbers of deliveries, and by what the server reports.
 */
export class Feed {
  readonly #connection: Connection;
  readonly #place: ConsumerPlace;
  readonly #listener: FeedListener;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #watch: NodeJS.Timeout;
  readonly #onReturn = () => this.#break("the connection was lost");
  #pull = 0;
  #expected = 0;
  #lastDelivery = 0;
  #lastSign = performance.now();
  #hasEnded = false;

  constructor(connection: Connection, place: ConsumerPlace, listener: FeedListener) {
    this.#connection = connection;
    this.#place = place;
    this.#listener = listener;
    this.#subscription = connection.client.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error ? this.#break(error.message) : this.#arrived(message)),
    });
    connection.onReturn.add(this.#onReturn);
    this.#watch = setInterval(() => this.#checkSilence(), heartbeatMs / 2);
  }

  /** Asks for more, unless it has done so. */
  pull(): void {
    if (this.#expected > 0 || this.#hasEnded || !this.#connection.isConnected) return;
    const { stream, consumer } = this.#place;
    this.#expected = pullEntries;
    this.#pull++;
    this.#lastSign = performance.now();
    this.#connection.client.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      JSON.stringify({
        batch: pullEntries,
        max_bytes: pullBytes,
        expires: pullMs * 1_000_000,
        idle_heartbeat: heartbeatMs * 1_000_000,
      }),
      { reply: `${this.#inbox}.${this.#pull}` },
    );
  }

  stop(): void {
    this.#hasEnded = true;
    clearInterval(this.#watch);
    this.#connection.onReturn.delete(this.#onReturn);
    if (!this.#connection.client.isClosed()) this.#subscription.unsubscribe();
  }

  #break(reason: string): void {
    if (this.#hasEnded) return;
    this.stop();
    this.#listener.broken(reason);
  }

  #arrived(message: Msg): void {
    if (this.#hasEnded) return;
    this.#lastSign = performance.now();
    if (message.subject.startsWith(this.#inbox)) this.#report(message);
    else this.#deliver(message);
  }

  #deliver(message: Msg): void {
    const { sequence, delivery } = numbersOf(message.reply ?? "");
    if (delivery !== this.#lastDelivery + 1) {
      this.#break("a delivery was lost");
      return;
    }
    this.#lastDelivery = delivery;
    this.#listener.delivered(message, sequence);
    if (--this.#expected === 0) this.#listener.idle();
  }

  /** Handles what the server says about a pull. */
  #report(message: Msg): void {
    if (message.subject !== `${this.#inbox}.${this.#pull}`) return;
    const { code = 0, description = "" } = message.headers ?? {};
    const text = description.toLowerCase();
    const isOver = code === 404 || code === 408 || (code === 409 && text.includes("maxbytes"));
    if (isOver) {
      this.#expected = 0;
      this.#listener.idle();
    } else if (code === 100) this.#heartbeat(message);
    else this.#break(text || `the server answers ${code}`);
  }

  /** It follows all deliveries on the same way, so a higher number of deliveries means that some were lost. */
  #heartbeat(message: Msg): void {
    const last = Number(message.headers?.get("Nats-Last-Consumer") || 0);
    if (last > this.#lastDelivery) this.#break("a delivery was lost");
  }

  #checkSilence(): void {
    if (this.#expected === 0 || !this.#connection.isConnected) return;
    if (performance.now() - this.#lastSign > silenceMs) this.#break("the consumer is silent");
  }
}

/**
 * The sequence in the stream and the number of the delivery, from the subject for the acknowledgement:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.…`, in newer servers with domain and account first.
 */
function numbersOf(reply: string): { readonly sequence: number; readonly delivery: number } {
  const tokens = reply.split(".");
  const first = tokens.length > 9 ? 7 : 5;
  return { sequence: Number(tokens[first]), delivery: Number(tokens[first + 1]) };
}
