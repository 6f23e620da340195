/** What the cluster decides itself for each process. */
const decided =
  /^(DATABASE_URL|NATS_|UPSTREAM_|PROCESSOR_|LIVE_TICKET_KEY|HOST$|PORT$|MALL_(DATA|URL|BOTS)$|NODE_CHANNEL_)/;

/**
 * The environment that all processes of the cluster share: ours, without what is meant for other programs, and what was
 * given on top.
 */
export function sharedEnvironment(
  own: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(([name]) => !decided.test(name));
  return { ...Object.fromEntries(kept), ...more };
}
