/**
 * Events of one device: sixty at once, then one in ten seconds. One that is not itself any more
 * would need months to push the others out of a store of a million.
 */
export const devicesTold = { burst: 60, perSecond: 0.1, sourcesMax: 10_000 };

/** What one device decided by itself: all that it keeps while no server answers, then as above. */
export const decisionsTold = { burst: 2_048, perSecond: 0.1, sourcesMax: 10_000 };
