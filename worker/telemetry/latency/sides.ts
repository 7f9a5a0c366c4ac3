/** The side of a rollout that a call was on; `named` where the caller asked for a version, so that no rollout chose. */
export const sides = ['stable', 'canary', 'named'] as const;

export type Side = (typeof sides)[number];
