/** Tries to prove who one is that one source has at a door: twenty at once, then two a second. */
export const triesOfOne = { burst: 20, perSecond: 2, sourcesMax: 10_000 };
