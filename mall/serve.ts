import { pino } from "pino";
import { type ApplicationOptions, installServices, run, type Service, TidingsError } from "tidings";
import { createMall, type Mall, type MallOptions } from "./mall.ts";
import { readServeArguments, type ServedName, serveUsage } from "./serve-arguments.ts";
import { serveBots } from "./serve-bots.ts";
import { readMigrateSettings, readServeSettings, type ServeSettings } from "./serve-settings.ts";

const args = readServeArguments(process.argv.slice(2));
if (typeof args === "string") {
  console.error(`${args} --help says more.`);
  process.exit(2);
}
if (args.help) console.log(serveUsage);
else if (args.migrate) await migrate(args.name);
else await serve(args.name);

async function serve(name: ServedName): Promise<void> {
  const settings = readServeSettings(name, process.env);
  const log = pino({ level: settings.logLevel }).child({ service: name });
  if (name === "bots") return serveBots(settings, log);
  const { service, application } = partOf(name, { ...settings, log });
  const { url } = await run([service], {
    databaseUrl: settings.databaseUrl,
    ticketKey: settings.ticketKey,
    log: log as NonNullable<ApplicationOptions["log"]>,
    ...application,
  });
  console.log(`${name} is ready at ${url}.`);
}

/** Installs the service or brings it up to date; any number of processes may do so at once. */
async function migrate(name: ServedName): Promise<void> {
  const { databaseUrl } = readMigrateSettings(process.env);
  const log = pino({ level: "warn" });
  try {
    const { service } = partOf(name, { access: { demo: true }, log });
    await installServices([service], databaseUrl);
  } catch (error) {
    console.error(error instanceof TidingsError ? error.message : error);
    process.exit(1);
  }
  console.log(`${name} is installed.`);
  process.exit(0);
}

/** One service of the Mall, put together as in the whole. */
function partOf(
  name: ServedName,
  options: ServeOptions,
): Pick<Mall, "application"> & { readonly service: Service } {
  const processorUrl = name === "processor" ? undefined : (options.processorUrl ?? "");
  const { services, application } = createMall({ ...options, processorUrl });
  const service = services.find((one) => one.name === name);
  if (!service) throw new Error(`The Mall has no service ${name}.`);
  return { service, application };
}

type ServeOptions = MallOptions & Partial<Pick<ServeSettings, "databaseUrl">>;
