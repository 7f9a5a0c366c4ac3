// The sides of a rollout, as calls and answers are counted by them.
import type { Manifest } from '../../registry/manifest.ts';
import type { Route } from '../../registry/route.ts';

/** `named`: the caller asked for the version, so that no rollout chose it. */
export const sides = ['stable', 'canary', 'named'] as const;

export type Side = (typeof sides)[number];

/** A request as it was resolved. */
export interface SidedRequest {
  readonly manifest: Manifest;
  /** Of the route that was served. */
  readonly epoch: number;
  readonly route: Route | null;
  /** False if the request named a version. */
  readonly routed: boolean;
}

/** The side that an answer of a version is counted for, whichever of the two versions the request got. */
export function sideOf({ route, routed }: Pick<SidedRequest, 'route' | 'routed'>, version: string): Side {
  if (!routed) return 'named';
  return version === route?.rollout?.version ? 'canary' : 'stable';
}
