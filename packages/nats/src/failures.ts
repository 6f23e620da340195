import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { TidingsError } from "@tidings/core";

/** What went wrong, as the end of a sentence and without its full stop; never with credentials. */
export function reasonOf(error: unknown): string {
  for (const one of causesOf(error)) {
    if (one instanceof AuthorizationError || one instanceof UserAuthenticationExpiredError) {
      return "they refuse the credentials; check user, password, token or credentials file";
    }
    if (one instanceof PermissionViolationError) {
      return `the NATS user may not ${one.operation === "publish" ? "publish to" : "subscribe to"} "${one.subject}"; grant it`;
    }
  }
  if (causesOf(error).some((one) => (one as Error).name === "JetStreamNotEnabled")) {
    return "JetStream does not answer; enable it in the configuration of the servers, and let most of them run";
  }
  if (isSilence(error)) return "nobody answers in time";
  const [first] = causesOf(error);
  const text = first instanceof Error ? first.message || first.name : String(error);
  return text.replace(/\.$/, "");
}

/** Whether trying again may help: a server or a leader is missing for the moment. */
export function isPassing(error: unknown): boolean {
  if (causesOf(error).some((one) => one instanceof PermissionViolationError)) return false;
  const code = apiCodeOf(error);
  if (code === noSuitablePeers || code === consumerNameInUse || code === consumerExists) return true;
  const api = causesOf(error).find((one) => one instanceof JetStreamApiError);
  if (api) return api.status >= 500 && api.code !== replicasNeedCluster;
  return isSilence(error) || causesOf(error).some((one) => one instanceof RequestError);
}

/** Nobody took the request, or nobody answered it. */
function isSilence(error: unknown): boolean {
  return causesOf(error).some(
    (one) => one instanceof TimeoutError || (one instanceof RequestError && one.isNoResponders()),
  );
}

/** The number that JetStream gives an error. */
export function apiCodeOf(error: unknown): number | undefined {
  return causesOf(error).find((one) => one instanceof JetStreamApiError)?.code;
}

export const noSuitablePeers = 10005;
export const replicasNeedCluster = 10074;
const consumerNameInUse = 10013;
const consumerExists = 10148;
export const consumerUnknown = 10014;
export const streamUnknown = 10059;
export const streamOfOtherForm = 10058;
export const subjectsTaken = 10065;

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let one = error; one !== undefined && causes.length < 8; one = (one as { cause?: unknown }).cause) {
    causes.push(one);
    if (typeof one !== "object" || one === null) break;
  }
  return causes;
}

/** @param what a sentence's subject and verb, such as "The log of ordering cannot be opened" */
export function unavailable(what: string, cause: unknown): TidingsError {
  if (cause instanceof TidingsError) return cause;
  return new TidingsError("broker-unavailable", `${what}: ${reasonOf(cause)}.`, { cause });
}
