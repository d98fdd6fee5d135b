/** Who waits behind whom, by name. */
export type Turns = Map<string, { last: Promise<unknown>; waiting: number }>;

/** Works that wait for an earlier one of the same name; more are turned away. */
const waitingMax = 8;

/** Runs works of one name one after the other, and those of different names side by side. */
export async function inTurn<Value>(
  turns: Turns,
  name: string,
  work: () => Promise<Value>,
): Promise<Value | "too many waiting"> {
  const turn = turns.get(name) ?? { last: Promise.resolve(), waiting: 0 };
  if (turn.waiting >= waitingMax) return "too many waiting";
  turn.waiting++;
  turns.set(name, turn);
  const earlier = turn.last;
  const mine = Promise.withResolvers<undefined>();
  turn.last = mine.promise;
  await earlier;
  try {
    return await work();
  } finally {
    mine.resolve(undefined);
    turn.waiting--;
    if (turn.waiting === 0) turns.delete(name);
  }
}
