import type { UpstreamAnswer } from "./exchange.ts";
import type { Limiter } from "./limiter.ts";
import { unavailable } from "./unavailable.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

const maxKnown = 100_000;

/** Who keeps an operation; or what the caller is answered, when it is nobody. */
export type FoundOwner =
  | { readonly owner: UpstreamGroup; readonly answer?: undefined }
  | { readonly owner?: undefined; readonly answer: UpstreamAnswer };

type AskOne = (group: UpstreamGroup, signal: AbortSignal) => Promise<UpstreamAnswer>;

/**
 * Which service keeps which operation: its id does not say so. What an answer has told, or was found by asking all of
 * them, is remembered for the {@link maxKnown} operations that were asked about last.
 */
export class OperationOwners {
  readonly #groups: readonly UpstreamGroup[];
  readonly #searches: Limiter;
  readonly #known = new Map<string, UpstreamGroup>();

  /**
   * @param groups the services that may keep operations
   * @param searches how many may look for one at a time: each costs a request to every service
   */
  constructor(groups: readonly UpstreamGroup[], searches: Limiter) {
    this.#groups = groups;
    this.#searches = searches;
  }

  /** Learns from an answer that names an operation, which its service has begun. */
  learn(owner: UpstreamGroup, { headers }: UpstreamAnswer): void {
    const id = /^\/api\/operations\/([0-9a-f-]{36})$/.exec(headers.location ?? "")?.[1];
    if (id) this.#remember(id, owner);
  }

  /**
   * @param ask asks one service for the operation, with the caller's credentials
   * @throws Problem `temporarily-unavailable` when nobody says that it has it, and somebody cannot be asked
   */
  async find(id: string, ask: AskOne): Promise<FoundOwner> {
    const known = this.#known.get(id);
    if (known) {
      this.#remember(id, known);
      return { owner: known };
    }
    const leave = await this.#searches.enter();
    return this.#search(id, ask).finally(leave);
  }

  async #search(id: string, ask: AskOne): Promise<FoundOwner> {
    const found = new AbortController();
    const asked = this.#groups.map(async (group) => ({ group, answer: await ask(group, found.signal) }));
    const has = asked.map(async (one) => {
      const { group, answer } = await one;
      if (answer.status !== 200) throw new Error(`${group.name} does not have it.`);
      return group;
    });
    try {
      const owner = await Promise.any(has);
      this.#remember(id, owner);
      return { owner };
    } catch {
      return { answer: denial(await Promise.allSettled(asked)) };
    } finally {
      found.abort();
    }
  }

  #remember(id: string, owner: UpstreamGroup): void {
    this.#known.delete(id);
    this.#known.set(id, owner);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** That there is none may be said only when all have said so. */
function denial(
  results: readonly PromiseSettledResult<{ readonly answer: UpstreamAnswer }>[],
): UpstreamAnswer {
  const answers = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value.answer;
  });
  const other = answers.find(({ status }) => status !== 404) ?? answers[0];
  if (!other || other.status >= 500) throw unavailable();
  return other;
}
