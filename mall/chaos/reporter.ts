/** Told how it goes. */
export interface Reporter {
  /** One line of what happens otherwise. */
  line(text: string): void;
  /** In words, and how far it is as a number from 0 to 1. */
  faultBegins(what: string, done: number): void;
  faultEnds(how: string): void;
  /** Whether a fault has begun and has not been told to have ended. */
  readonly isFaultUnderWay: boolean;
}

const barWidth = 30;

/**
 * Says on stdout how it goes: one line for each fault, with the time, completed when it is known how it ended. On a
 * terminal a bar shows meanwhile how far it is.
 */
export function consoleReporter(output: NodeJS.WriteStream = process.stdout): Reporter {
  const isTerminal = output.isTTY && process.env.TERM !== "dumb";
  let fault: string | undefined;
  const write = (text: string) => output.write(isTerminal ? `\r\u001b[K${text}` : text);
  return {
    line: (text) => write(`${clock()}  ${text}\n`),
    faultBegins: (what, done) => {
      fault = `${clock()}  ${what} …`;
      if (isTerminal) write(`${bar(done)}  ${fault}`);
    },
    faultEnds: (how) => {
      write(`${fault ?? clock()} ${how}\n`);
      fault = undefined;
    },
    get isFaultUnderWay() {
      return fault !== undefined;
    },
  };
}

function bar(done: number): string {
  const full = Math.round(done * barWidth);
  return `${"━".repeat(full)}${"┄".repeat(barWidth - full)}`;
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
