import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { prepareDatabases } from "./databases.ts";
import { ClusterError } from "./failure.ts";
import type { Member, MemberPlan } from "./member.ts";
import { type NatsNode, natsConfig } from "./nats-config.ts";
import type { Cluster, ClusterOptions, WiredServer } from "./options.ts";
import {
  botsPlan,
  gatewayPlan,
  natsConfigFile,
  natsNames,
  natsPlan,
  originAt,
  portOf,
  type Servers,
  type ServiceCopy,
  type Setting,
  servicePlan,
} from "./plan.ts";
import { ClusterPostgres } from "./postgres.ts";
import { replaceFile } from "./private-file.ts";
import { noteOf, type ProcessNote } from "./process-identity.ts";
import { writeState } from "./state.ts";
import { SupervisedProcess } from "./supervised-process.ts";

export interface RunningClusterOptions {
  readonly options: ClusterOptions;
  readonly setting: Setting;
  readonly copies: readonly ServiceCopy[];
  /** The path of nats-server. */
  readonly nats: string;
}

/** More at once only wait for each other: a start is mostly work for the processor. */
const startedAtOnce = 4;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

/** The processes of a cluster. They are started and stopped in layers, each of which needs those before. */
export class RunningCluster implements Cluster {
  readonly url: string;
  readonly monitorUrls: readonly string[];
  readonly #parts: RunningClusterOptions;
  readonly #members: SupervisedProcess[] = [];
  readonly #killOnExit = () => {
    for (const member of this.#members) member.kill("SIGKILL");
  };
  #postgres: ClusterPostgres | undefined;
  #postgresStarting: Promise<unknown> = Promise.resolve();
  #databases: Readonly<Record<string, string>> = {};
  #closing: Promise<void> | undefined;

  constructor(parts: RunningClusterOptions) {
    this.#parts = parts;
    const { ports, gatewayPort } = parts.setting;
    this.url = originAt(gatewayPort);
    this.monitorUrls = natsNames.map((name) => originAt(portOf(`${name} monitor`, ports)));
  }

  get members(): readonly Member[] {
    return this.#members;
  }
  get databases(): Readonly<Record<string, string>> {
    return this.#databases;
  }
  get adminUrl(): string {
    return this.#running().url;
  }

  /**
   * PostgreSQL first: its lock keeps others out of the directory.
   * @throws ClusterError or EmbeddedPostgresError; what has been started then is ended by `close`
   */
  async start(): Promise<void> {
    const { options, setting, copies } = this.#parts;
    process.once("exit", this.#killOnExit);
    this.#postgresStarting = this.#startPostgres();
    await this.#postgresStarting;
    await Promise.all([this.#prepareDatabases(), this.#startAll(this.#natsPlans())]);
    const plans = await Promise.all(copies.map((copy) => this.#wiredPlan(copy)));
    await this.#startAll([...plans, gatewayPlan(copies, setting)]);
    const { bots = 3 } = options;
    if (bots > 0) await this.#startAll([botsPlan(bots, setting)]);
  }

  async restartPostgres(mode: "immediate" | "fast"): Promise<void> {
    await this.#running().restart(mode);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { log } = this.#parts.options;
    await this.#postgresStarting.catch(() => {});
    for (const kind of ["gateway", "bots", "service", "nats"] as const) {
      const ofKind = this.#members.filter((member) => member.kind === kind);
      await Promise.all(ofKind.map((member) => member.stop()));
      if (ofKind.length > 0) log(`■ ${closed[kind]}`);
    }
    if (this.#postgres) {
      await this.#postgres.close();
      log("■ PostgreSQL");
      this.#note(null);
    }
    process.off("exit", this.#killOnExit);
  }

  async #startPostgres(): Promise<void> {
    const { options, setting } = this.#parts;
    const since = performance.now();
    this.#postgres = await ClusterPostgres.start({
      directory: setting.directory,
      port: portOf("postgres", setting.ports),
      hint: "choose another directory with --directory",
      log: options.log,
    });
    this.#note();
    options.log(`✓ postgres  ready  ${((performance.now() - since) / 1_000).toFixed(1)} s`);
  }

  async #prepareDatabases(): Promise<void> {
    this.#databases = await prepareDatabases(this.adminUrl, this.#parts.setting.secrets.roles);
  }

  #natsPlans(): MemberPlan[] {
    const { setting, nats } = this.#parts;
    const { ports, directory, secrets } = setting;
    const nodes: NatsNode[] = natsNames.map((name) => ({
      name,
      port: portOf(name, ports),
      monitorPort: portOf(`${name} monitor`, ports),
      routePort: portOf(`${name} routes`, ports),
    }));
    for (const node of nodes) {
      const file = natsConfigFile(directory, node.name);
      mkdirSync(dirname(file), { recursive: true });
      const storeDirectory = join(dirname(file), "store");
      const passwords = { clientPassword: secrets.nats, routePassword: secrets.routes };
      replaceFile(file, natsConfig(node, { nodes, storeDirectory, ...passwords }));
    }
    return nodes.map((node) => natsPlan(node, nats, setting));
  }

  async #wiredPlan(copy: ServiceCopy): Promise<MemberPlan> {
    const { options, setting } = this.#parts;
    const wired = async (kind: WiredServer["kind"], port: number) => {
      const through = await options.wire?.({ kind, port, client: copy.name });
      return through?.port ?? port;
    };
    const databaseUrl = new URL(this.#databases[copy.service] ?? "");
    databaseUrl.port = String(await wired("postgres", portOf("postgres", setting.ports)));
    const natsPorts = await Promise.all(natsNames.map((name) => wired("nats", portOf(name, setting.ports))));
    const servers: Servers = { databaseUrl: databaseUrl.href, natsPorts };
    return servicePlan(copy, servers, setting);
  }

  /** Starts them in this order, some at once. The first that cannot be started ends the attempt. */
  async #startAll(plans: readonly MemberPlan[]): Promise<void> {
    const { log, unresponsiveMs = 15_000 } = this.#parts.options;
    const changed = () => this.#note();
    const waiting = plans.values();
    const supervision = { log, changed, unresponsiveMs, startTimeoutMs, stopTimeoutMs };
    const lanes = Array.from({ length: startedAtOnce }, async () => {
      for (const plan of waiting) {
        if (this.#closing !== undefined) throw new ClusterError("The cluster was closed while it started.");
        const member = new SupervisedProcess(plan, supervision);
        this.#members.push(member);
        await member.start();
      }
    });
    await Promise.all(lanes);
  }

  #note(supervisor: ProcessNote | null = noteOf(process.pid)): void {
    const { ports, directory } = this.#parts.setting;
    const members = this.#members.map(({ note }) => note);
    const postgresPort = portOf("postgres", ports);
    writeState(directory, { supervisor, url: this.url, postgresPort, ports, members });
  }

  #running(): ClusterPostgres {
    if (!this.#postgres) throw new Error("PostgreSQL has not been started yet.");
    return this.#postgres;
  }
}

const closed = { gateway: "the gateway", bots: "the bots", service: "the services", nats: "NATS" } as const;
