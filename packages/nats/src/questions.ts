import { type Msg, PermissionViolationError, type Subscription } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import { reasonOf, unavailable } from "./failures.ts";
import type { Names } from "./names.ts";

type Respond = (question: unknown) => Promise<unknown>;

/** More at a time are not answered: whoever asks hears nothing, and asks again. */
const answersAtATime = 256;

/** Questions and answers as JSON, outside all streams; one of the processes of a service gets each question. */
export class Questions {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #subscriptions: Subscription[] = [];
  #underWay = 0;

  constructor(connection: Connection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  /** Resolves when the server knows that this process answers. */
  async answer(service: string, respond: Respond): Promise<void> {
    const subscription = this.#connection.client.subscribe(this.#names.question(service), {
      queue: service,
      callback: (error, question) => {
        if (error)
          this.#connection.log.error({ service, reason: reasonOf(error) }, "Questions cannot be answered.");
        else void this.#respond(service, question, respond);
      },
    });
    this.#subscriptions.push(subscription);
    try {
      await this.#connection.client.flush();
    } catch (error) {
      throw unavailable(`Questions to ${service} cannot be answered`, error);
    }
  }

  /** @returns the answer; undefined when nobody gives one in time */
  async ask(service: string, question: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.#connection.isConnected) return undefined;
    try {
      const answer = await this.#connection.client.request(
        this.#names.question(service),
        JSON.stringify(question),
        {
          timeout: timeoutMs,
        },
      );
      return contentOf(answer);
    } catch (error) {
      if (isPermission(error)) throw unavailable(`${service} cannot be asked`, error);
      return undefined;
    }
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  async #respond(service: string, question: Msg, respond: Respond): Promise<void> {
    if (this.#underWay >= answersAtATime) {
      this.#connection.log.warn(
        { service, answersAtATime },
        "A question is not answered: there are too many.",
      );
      return;
    }
    this.#underWay++;
    const answer = await this.#answerTo(service, question, respond);
    this.#underWay--;
    if (!this.#connection.client.isClosed()) question.respond(answer);
  }

  async #answerTo(service: string, question: Msg, respond: Respond): Promise<string> {
    try {
      const answer = JSON.stringify(await respond(contentOf(question))) ?? "";
      if (Buffer.byteLength(answer) <= this.#connection.maxPayload) return answer;
      throw new Error("the answer exceeds the server's max_payload");
    } catch (error) {
      this.#connection.log.error({ service, reason: reasonOf(error) }, "A question could not be answered.");
      return "";
    }
  }
}

function contentOf(message: Msg): unknown {
  return message.data.length === 0 ? undefined : message.json();
}

function isPermission(error: unknown): boolean {
  const cause = (error as { cause?: unknown } | null)?.cause;
  return error instanceof PermissionViolationError || cause instanceof PermissionViolationError;
}
