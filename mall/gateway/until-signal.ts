/** Ctrl-C reaches a program twice, from the terminal and from the program that started it: that is one signal. */
const sameSignalMs = 500;

/**
 * Ends the program with what it has started: SIGINT and SIGTERM without loss, a second one (half a second later or more)
 * at once; so does the end of the parent process, if there is one with a channel to it.
 */
export function untilSignal(starting: Promise<{ close(): Promise<void> }>): void {
  let endingSince: number | undefined;
  const end = async (exitCode: number) => {
    if (endingSince !== undefined) return;
    endingSince = performance.now();
    try {
      await (await starting).close();
      process.exit(exitCode);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  const onSignal = (signalNumber: number) => () => {
    if (endingSince !== undefined && performance.now() - endingSince > sameSignalMs)
      process.exit(128 + signalNumber);
    void end(0);
  };
  process.on("SIGINT", onSignal(2));
  process.on("SIGTERM", onSignal(15));
  if (process.connected) process.on("disconnect", () => void end(0));
  process.on("unhandledRejection", (error) => {
    console.error(error);
    void end(1);
  });
}
