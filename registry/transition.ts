// From one route of a model to the next: the rules of activation, rollout, shadow, aliases and rollback. Pure. append-route.ts makes
// sure that the versions exist and that only one writer gets the next epoch.
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import type { Route } from './route.ts';
import type { RoutingAction } from './route-action.ts';

/** The manifest of every version that a route names travels in its KV copy: KV takes 25 MiB, a manifest has 1 MiB at most. */
const mostAliases = 16;
/** A rollback further back than this must name its version. */
const mostPrevious = 16;

export interface TransitionContext {
  model: string;
  actor: string;
  at: Date;
}

/** The part of a route that an action decides about. Model, epoch and audit follow. */
type Routing = Pick<Route, 'aliases' | 'previous' | 'rollout' | 'shadow'>;

/** The circumstances of an action. */
interface Step {
  model: string;
  current: Routing;
  epoch: number;
}

type CanaryAction = Extract<RoutingAction, { action: 'canary' }>;

const nothingRouted: Routing = { aliases: {}, previous: [], rollout: null, shadow: null };

/**
 * @param current the newest route, null if the model has none
 * @returns the route of the next epoch; `current` itself if the action changes nothing
 * @throws {PopserveError} CONFLICT when the action does not fit the current route; INVALID_ARGUMENT when it fits no route
 */
export function nextRoute(current: Route | null, action: RoutingAction, context: TransitionContext): Route {
  const { model, actor, at } = context;
  const epoch = (current?.epoch ?? 0) + 1;
  const routing = endIdleShadow(decide(action, { model, current: routingOf(current ?? nothingRouted), epoch }));
  if (Object.keys(routing.aliases).length > mostAliases) {
    throw new PopserveError('CONFLICT', `model '${model}': at most ${mostAliases} aliases; remove one first`);
  }
  if (current !== null && sameRouting(current, routing)) return current;
  if (current === null && sameRouting(nothingRouted, routing)) {
    throw new PopserveError('CONFLICT', `model '${model}' has no route yet; nothing to ${action.action}`);
  }
  return {
    schema: 1,
    model,
    epoch,
    ...routing,
    audit: {
      actor,
      at: at.toISOString(),
      action: action.action,
      ...(action.reason === undefined ? {} : { reason: action.reason }),
    },
  };
}

function decide(action: RoutingAction, step: Step): Routing {
  switch (action.action) {
    case 'activate':
      return activate(step, action.version);
    case 'rollback':
      return rollback(step, action.version);
    case 'canary':
      return canary(step, action);
    case 'promote':
      return promote(step);
    case 'abort':
      return { ...step.current, aliases: without(step.current.aliases, 'canary'), rollout: null };
    case 'shadow':
      return shadow(step, action.version, action.percent);
    case 'alias':
      return alias(step, action.name, action.version);
  }
}

function activate({ model, current }: Step, version: string): Routing {
  const { rollout } = current;
  if (rollout !== null && rollout.version !== version) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': version '${rollout.version}' is being rolled out (${rollout.percent} %); promote or abort it before activating '${version}'`,
    );
  }
  return settle(current, version);
}

function rollback({ model, current }: Step, version: string | undefined): Routing {
  const { aliases, previous } = current;
  if (aliases.stable === undefined) {
    throw new PopserveError('CONFLICT', `model '${model}' has no active version to roll back from`);
  }
  const target = version ?? previous[0];
  if (target === undefined) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': no version was stable before '${aliases.stable}'; name the version to go to`,
    );
  }
  const settled = settle(current, target);
  if (target === aliases.stable) return settled;
  // Versions that were stable after the target are dropped: the next rollback goes further back, never forward to them.
  const place = previous.indexOf(target);
  return { ...settled, previous: place === -1 ? previous : previous.slice(place + 1) };
}

function canary({ model, current, epoch }: Step, { version, percent, limits: asked }: CanaryAction): Routing {
  const { rollout } = current;
  requireOtherStable(model, current, version, 'roll out');
  if (rollout !== null && rollout.version !== version) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': version '${rollout.version}' is being rolled out (${rollout.percent} %); promote or abort it before rolling out '${version}'`,
    );
  }
  // The salt lasts as long as the rollout, so that the devices of 5 % are among those of 20 %. The next rollout has another salt, so
  // that the same devices are not always first.
  const salt = rollout?.salt ?? `${model}/${version}/${epoch}`;
  const sinceEpoch = rollout === null ? epoch : rollout.sinceEpoch;
  const limits = asked === undefined ? rollout?.limits : (asked ?? undefined);
  if (limits?.disagreementShare !== undefined && current.shadow?.version !== version) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': a limit on disagreement needs version '${version}' as a shadow as well; start that first`,
    );
  }
  return {
    ...current,
    aliases: { ...current.aliases, canary: version },
    rollout: {
      ...{ version, percent, salt },
      ...(sinceEpoch === undefined ? {} : { sinceEpoch }),
      ...(limits === undefined ? {} : { limits }),
    },
  };
}

function promote({ model, current }: Step): Routing {
  if (current.rollout === null) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': there is no canary to promote; begin one with 'npx popserve canary ${model} VERSION --percent 10'`,
    );
  }
  return settle(current, current.rollout.version);
}

function shadow({ model, current }: Step, version: string | null, percent = 0): Routing {
  const next = version === null || percent === 0 ? null : { version, percent };
  const { rollout } = current;
  if (rollout?.limits?.disagreementShare !== undefined && next?.version !== rollout.version) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': the limit on disagreement of the canary '${rollout.version}' needs it as the shadow; set the canary's limits anew without it, promote or abort first`,
    );
  }
  if (next === null) return { ...current, shadow: null };
  requireOtherStable(model, current, next.version, 'shadow with');
  return { ...current, shadow: next };
}

function alias({ current }: Step, name: string, version: string | null): Routing {
  if (name === 'stable' || name === 'canary') {
    const instead = name === 'stable' ? "'activate' or 'rollback'" : "'canary', 'promote' or 'abort'";
    throw new PopserveError('INVALID_ARGUMENT', `alias '${name}' is moved by the actions ${instead}`);
  }
  const others = without(current.aliases, name);
  return { ...current, aliases: version === null ? others : { ...others, [name]: version } };
}

/** All default traffic goes to one version, and a rollout is over. */
function settle({ aliases, previous, shadow }: Routing, version: string): Routing {
  const { stable } = aliases;
  const left = stable === undefined || stable === version ? [] : [stable];
  return {
    aliases: { ...without(aliases, 'canary'), stable: version },
    previous: [...left, ...previous].slice(0, mostPrevious),
    rollout: null,
    shadow,
  };
}

/** A version that has become stable has nothing to be compared with. */
function endIdleShadow(routing: Routing): Routing {
  return routing.shadow?.version === routing.aliases.stable ? { ...routing, shadow: null } : routing;
}

function requireOtherStable(model: string, { aliases }: Routing, version: string, verb: string): void {
  if (aliases.stable === undefined) {
    throw new PopserveError('CONFLICT', `model '${model}' has no active version; activate one first`);
  }
  if (aliases.stable === version) {
    throw new PopserveError('CONFLICT', `model '${model}': cannot ${verb} version '${version}', it is stable already`);
  }
}

function sameRouting(left: Routing, right: Routing): boolean {
  return canonicalJson(routingOf(left)) === canonicalJson(routingOf(right));
}

function routingOf({ aliases, previous, rollout, shadow }: Routing): Routing {
  return { aliases, previous, rollout, shadow };
}

function without(aliases: Route['aliases'], name: string): Route['aliases'] {
  return Object.fromEntries(Object.entries(aliases).filter(([each]) => each !== name));
}
