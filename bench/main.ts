import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { measureCheckout } from "./checkout.ts";
import { startServer } from "./database.ts";
import { measureDrain } from "./drain.ts";
import { inOneDatabase, overNats, withNats } from "./hosts.ts";
import { measureIdle } from "./idle.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { measureRates, type RoundFindings } from "./rates.ts";
import { measureRelay } from "./relay.ts";
import { type Findings, numbersOf, tableOf } from "./report.ts";

const help = `Measures Tidings against the limit of this machine, on the same work in one run.

  npm run bench                     everything, about eight minutes
  npm run bench -- --json FILE      also writes the numbers to FILE
  npm run bench -- --rounds 5       more rounds: narrower medians (3 by default)
  npm run bench -- --quick          a tenth of the work, one round: for a first look, not for conclusions
  BENCH_DATABASE_URL=… npm run bench    on a server of yours instead of a fresh embedded one

Whatever goes over NATS JetStream does so by one nats-server, which this starts, with its streams in files.
`;

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "3" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (options.help) {
  console.log(help);
  process.exit(0);
}

const scale = options.quick ? 0.1 : 1;
const rounds = options.quick ? 1 : Number(options.rounds);
const load = { count: 20_000 * scale, producers: 16 };
const many = { ...load, count: 10 * load.count };

const server = await startServer();
try {
  const findings = await measure(server.url);
  console.log(`\n${tableOf(findings)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify(numbersOf(findings), null, 2)}\n`);
} finally {
  await server.close();
}

async function measure(url: string): Promise<Findings> {
  const hasNats = await canStartNats();
  const { apart, ...rates } = await measureRates(url, { load, hasNats }, inRounds("rates"));
  const drains: number[] = [];
  for (const _ of inRounds("drain")) drains.push(await measureDrain(url, 5 * load.count, load.producers));
  const nats = hasNats ? await measureNats(url, apart) : undefined;
  say("latency");
  const latency = await measureLatency(inOneDatabase(url), 100, 30 * scale);
  say("idle");
  const idleCpuPercent = await measureIdle(url, 20 * scale);
  say("memory");
  const memory = await measureMemory(url, many.count, many.producers);
  const checkouts: Findings["checkouts"][number][] = [];
  const shopping = { orders: Math.ceil(load.count / 20), shoppers: load.producers, alone: 200 * scale };
  for (const _ of inRounds("checkout")) checkouts.push(await measureCheckout(url, shopping));
  return { ...rates, drains, latency, idleCpuPercent, memory, memoryCount: many.count, checkouts, nats };
}

async function measureNats(
  url: string,
  apart: RoundFindings["apart"],
): Promise<NonNullable<Findings["nats"]>> {
  const relays: NonNullable<Findings["nats"]>["relays"][number][] = [];
  for (const _ of inRounds("relay")) relays.push(await measureRelay(url, many));
  say("latency over NATS JetStream");
  const latency = await measureLatency(overNats(url), 100, 30 * scale);
  return { apart, relays, latency, backlog: many.count };
}

/** Without a nats-server, says in one sentence what to install. */
async function canStartNats(): Promise<boolean> {
  try {
    await withNats(async () => {});
    return true;
  } catch (error) {
    say(`nothing goes over NATS JetStream in this run: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

function* inRounds(what: string): Iterable<number> {
  for (let round = 1; round <= rounds; round++) {
    say(`${what}, round ${round} of ${rounds}`);
    yield round;
  }
}

function say(text: string): void {
  console.error(`… ${text}`);
}
