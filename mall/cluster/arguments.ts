import { parseArgs } from "node:util";

/** What `npm run mall:cluster` was asked for. */
export interface ClusterArguments {
  readonly command: "start" | "status" | "stop" | "help";
  readonly directory: string;
  readonly port: number;
  readonly bots: number;
}

export const clusterUsage = `Runs the Mall as separate processes: every service, three nodes of NATS, a PostgreSQL with a database
for each service, a gateway that serves the same API as npm start. What dies is started again.

  npm run mall:cluster                       until Ctrl-C
  npm run mall:cluster -- --status           what runs, and how it is
  npm run mall:cluster -- --stop             ends it, in order

Options
  --port <n>         the gateway's port, 0 for any free one (8080)
  --bots <n>         how many simulated bots collect goods, 0 to 999 (3)
  --directory <d>    where data, logs and passwords are kept (.mall/cluster)
  --status           print a table of the processes
  --stop             end the cluster that runs in the directory
  -h, --help         print this

MALL_* and LOG_LEVEL of the environment reach every process. It needs nats-server: apt-get install nats-server, or set
NATS_SERVER to its path.
Exit codes: 0 it ended in order, everything is ready, 1 it did not, something is not, 2 wrong usage, 3 nothing runs.`;

const options = {
  port: { type: "string" },
  bots: { type: "string" },
  directory: { type: "string" },
  status: { type: "boolean" },
  stop: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @returns the arguments, or one sentence that says what is wrong with them */
export function readClusterArguments(args: readonly string[]): ClusterArguments | string {
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.status && values.stop) return "Ask for one of --status and --stop.";
    if (values.directory === "") return "--directory must name a directory.";
    return {
      command: values.help ? "help" : values.status ? "status" : values.stop ? "stop" : "start",
      directory: values.directory ?? ".mall/cluster",
      port: whole("port", values.port, 65_535) ?? 8080,
      bots: whole("bots", values.bots, 999) ?? 3,
    };
  } catch (error) {
    const [first = ""] = (error as Error).message.split(/(?<=')\. |\n/);
    return first.endsWith(".") ? first : `${first}.`;
  }
}

function whole(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new RangeError(`--${name} must be a whole number from 0 to ${most}, not ${text || "nothing"}.`);
}
