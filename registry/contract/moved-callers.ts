// Which callers a new route gives another version. Pure. An action is not looked at, only what it makes of the route, so that no
// action can be forgotten.
import type { Route } from '../route.ts';

export interface MovedCallers {
  /** `stable`, `canary`, `shadow` or the name of an alias. */
  readonly under: string;
  /** The version that they have now. */
  readonly served: string;
  readonly next: string;
}

/**
 * @param current null before the first route: then nobody has anything to lose
 * @returns empty if nobody gets another version, or only the one that everybody else has (the end of a canary)
 */
export function movedCallers(current: Route | null, route: Route): MovedCallers[] {
  const served = current?.aliases.stable;
  if (current === null) return [];
  const moved: MovedCallers[] = [];
  const { stable, canary: _rolledOut, ...own } = route.aliases;
  if (served !== undefined && stable !== undefined) moved.push({ under: 'stable', served, next: stable });
  if (served !== undefined && route.rollout !== null && isRaised(current, route)) {
    moved.push({ under: 'canary', served, next: route.rollout.version });
  }
  for (const [under, next] of Object.entries(own)) {
    // Callers come to a new name from the default.
    const before = Object.hasOwn(current.aliases, under) ? current.aliases[under] : served;
    if (before !== undefined) moved.push({ under, served: before, next });
  }
  if (stable !== undefined && route.shadow !== null && route.shadow.version !== current.shadow?.version) {
    moved.push({ under: 'shadow', served: stable, next: route.shadow.version });
  }
  return moved.filter((each) => each.served !== each.next);
}

/** A share that stays or shrinks, and new limits, hurt nobody who was not hurt before. */
function isRaised({ rollout: before }: Route, { rollout }: Route): boolean {
  if (rollout === null) return false;
  return before === null || before.version !== rollout.version || rollout.percent > before.percent;
}
