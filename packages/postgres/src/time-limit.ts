/** @throws an error that counts as transient when the work has not ended in so many milliseconds; it goes on unheeded */
export function withTimeLimit<Value>(limitMs: number, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () =>
    reject(Object.assign(new Error("The database did not answer in time."), { code: "ETIMEDOUT" }));
  const timer = setTimeout(late, limitMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
