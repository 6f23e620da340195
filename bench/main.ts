import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type CheckoutRates, measureCheckout } from "./checkout.ts";
import { startServer } from "./database.ts";
import { measureDelivery, type Rates } from "./delivery.ts";
import { measureDrain } from "./drain.ts";
import { measureIdle } from "./idle.ts";
import { measureLatency } from "./latency.ts";
import { measureLimit } from "./limit.ts";
import { median, spread } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { billingInSequence } from "./workload.ts";

const help = `Measures Tidings against the limit of this machine, on the same work in one run.

  npm run bench                     everything, about five minutes
  npm run bench -- --json FILE      also writes the numbers to FILE
  npm run bench -- --rounds 5       more rounds: narrower medians (3 by default)
  npm run bench -- --quick          a tenth of the work, one round: for a first look, not for conclusions
  BENCH_DATABASE_URL=… npm run bench    on a server of yours instead of a fresh embedded one
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
const count = 20_000 * scale;
const producers = 16;

const server = await startServer();
try {
  await run(server.url);
} finally {
  await server.close();
}

async function run(url: string): Promise<void> {
  const limits: number[] = [];
  const plain: Rates[] = [];
  const inSequence: number[] = [];
  const held = { transaction: [] as number[], snapshot: [] as number[] };
  const load = { count, producers };
  await measureDelivery(url, { count: count / 10, producers });
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    limits.push(await measureLimit(url, count, producers));
    let before = await measureDelivery(url, load);
    plain.push(before);
    for (const obstacle of ["transaction", "snapshot"] as const) {
      const { endToEnd } = await measureDelivery(url, load, obstacle);
      const after = await measureDelivery(url, load);
      plain.push(after);
      held[obstacle].push((2 * endToEnd) / (before.endToEnd + after.endToEnd));
      before = after;
    }
    inSequence.push((await measureDelivery(url, load, "nothing", billingInSequence)).endToEnd);
    limits.push(await measureLimit(url, count, producers));
  }
  say("drain");
  const drains: number[] = [];
  for (let round = 1; round <= rounds; round++) drains.push(await measureDrain(url, 5 * count, producers));
  say("latency");
  const latency = await measureLatency(url, 100, 30 * scale);
  say("idle");
  const idleCpuPercent = await measureIdle(url, 20 * scale);
  say("memory");
  const memory = await measureMemory(url, 10 * count, producers);
  say("checkout");
  const checkouts: CheckoutRates[] = [];
  const shopping = { orders: Math.ceil(count / 20), shoppers: producers, alone: 200 * scale };
  for (let round = 1; round <= rounds; round++) checkouts.push(await measureCheckout(url, shopping));

  const limit = median(limits);
  const produced = plain.map((rates) => rates.produce);
  const endToEnd = plain.map((rates) => rates.endToEnd);
  console.log(`
                                     median (lowest to highest)      ratio to the limit    to reach
limit, transactions/s                ${column(spread(limits))}
produce while consuming, /s          ${column(spread(produced))}${column(ratio(median(produced) / limit), 22)}0.80
end to end, messages/s               ${column(spread(endToEnd))}${column(ratio(median(endToEnd) / limit), 22)}0.75
  without interleaving, messages/s   ${column(spread(inSequence))}${column(ratio(median(inSequence) / limit), 22)}
drain a backlog with onBatch, /s     ${column(spread(drains))}${column("", 22)}20,000
latency at 100/s, ms p50 / p99       ${column(`${latency.p50.toFixed(1)} / ${latency.p99.toFixed(1)}`)}${column("", 22)}3 / 15
idle, % of a core                    ${column(idleCpuPercent.toFixed(2))}${column("", 22)}1
transaction held open, of the rate   ${column(spread(held.transaction, 2))}${column("", 22)}0.90
snapshot held open, of the rate      ${column(spread(held.snapshot, 2))}${column("", 22)}0.90
memory over ${10 * count} messages, MB   ${column(memory.peakMb.toFixed(0))}${column(`grew by ${ratio(memory.growth)}`, 22)}flat
the Mall, checkouts approved, /s     ${column(spread(checkouts.map(({ perSecond }) => perSecond)))}${column("", 22)}100
  one at a time, ms p50 / p99        ${column(checkoutLatency(checkouts))}${column("", 22)}40 / 150
every run verified: one effect for each order, right totals, effects of each key in commit order`);
  if (options.json) {
    const numbers = {
      limit,
      produce: median(produced),
      endToEnd: median(endToEnd),
      endToEndInSequence: median(inSequence),
      drain: median(drains),
      latencyMs: latency,
      idleCpuPercent,
      rssMb: memory.peakMb,
      memoryGrowth: memory.growth,
      checkoutsPerSecond: median(checkouts.map(({ perSecond }) => perSecond)),
      checkoutMs: {
        p50: median(checkouts.map(({ p50 }) => p50)),
        p99: median(checkouts.map(({ p99 }) => p99)),
      },
      heldTransaction: median(held.transaction),
      heldSnapshot: median(held.snapshot),
      verified: { counts: true, order: true },
    };
    await writeFile(options.json, `${JSON.stringify(numbers, null, 2)}\n`);
  }
}

function checkoutLatency(rounds: readonly CheckoutRates[]): string {
  const [p50, p99] = [rounds.map((one) => one.p50), rounds.map((one) => one.p99)];
  return `${spread(p50)} / ${spread(p99)}`;
}

function say(text: string): void {
  console.error(`… ${text}`);
}

function column(text: string, width = 32): string {
  return text.padEnd(width);
}

function ratio(value: number): string {
  return value.toFixed(2);
}
