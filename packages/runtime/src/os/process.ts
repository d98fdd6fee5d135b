/** Raised by SIGTERM or SIGINT: stop in order. A second signal ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const name of signals) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(interrupted);
      stop.abort(name);
    });
  }
  return stop.signal;
}

/** Exit code of the whole family for "interrupted" (design §10). */
export const interrupted = 130;
