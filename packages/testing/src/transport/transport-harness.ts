import type { BrokerOptions } from "@tidings/core";

/** Where one instance of a service works: the part of `HostOptions` that a transport decides. */
export interface TransportPlace {
  readonly databaseUrl: string;
  /** Left out where services meet in a database. */
  readonly broker?: BrokerOptions;
}

/** A transport that {@link describeTransport} puts to the test. */
export interface TransportHarness {
  /**
   * A program whose last statement is `await participate(() => place)`: it works in a process of its own, which is
   * killed and paused. It finds its place in the environment that {@link TransportScene.environmentOf} gives.
   */
  readonly program: URL;
  /**
   * The steps that the host of a service which only records tells its probe, in order, where the transport carries
   * messages away from there: at each of them its process is killed, and at the first it is paused.
   */
  readonly relaySteps?: readonly string[];
  /** Prepares what one case needs, with nothing in it: databases for these services, and a name space of the broker. */
  open(services: readonly string[]): Promise<TransportScene>;
}

/** What one case has to itself. */
export interface TransportScene {
  /** The place of an instance of a service; asked twice, there are two instances. */
  hostOf(service: string): TransportPlace;
  /** The environment by which the harness's program finds the same place. */
  environmentOf(service: string): Readonly<Record<string, string>>;
  /** Takes away what carries the messages, and brings it back; left out where there is nothing but the database. */
  readonly broker?: { stop(): Promise<void>; start(): Promise<void> };
  /** Removes all of it. */
  close(): Promise<void>;
}
