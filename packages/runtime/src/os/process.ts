/**
 * Raised by SIGTERM or SIGINT: stop in order. A second signal ends the process at once. `more`:
 * SIGHUP for what ends with its terminal; a program that may have been told to outlive it does not.
 */
export function stopSignal(more: readonly "SIGHUP"[] = []): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", ...more] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(interrupted);
      stop.abort(name);
    });
  }
  return stop.signal;
}

/** Exit code of the whole family for "interrupted" (design §10). */
export const interrupted = 130;
