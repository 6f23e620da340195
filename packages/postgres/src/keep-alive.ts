/** A transaction that can say that it is still in use. */
interface Touchable {
  touch(): void;
}

/**
 * A transaction that is left idle for so long is ended by the server, which frees what it has leased and locked: its process is
 * paused, or gone without a word. While the process is alive its transactions are kept so by {@link keepAlive}, however long a
 * handler waits for something else; only one that blocks the event loop for so long loses its transaction.
 */
export const transactionLeaseMs = 5_000;

const open = new Set<Touchable>();
let timer: NodeJS.Timeout | undefined;

/** Keeps a transaction from being taken for an abandoned one. @returns a function that ends that */
export function keepAlive(unit: Touchable): () => void {
  open.add(unit);
  timer ??= setInterval(touchAll, transactionLeaseMs / 4).unref();
  return () => {
    open.delete(unit);
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function touchAll(): void {
  for (const unit of open) unit.touch();
}
