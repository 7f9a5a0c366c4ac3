// The commands that change what is served: each asks for one new route and says what is served from then on.
import type { Command } from 'commander';
import { nearest } from '../../../registry/nearest.ts';
import { type RolloutLimits, rolloutLimitsSchema } from '../../../registry/rollout-limits.ts';
import type { Route } from '../../../registry/route.ts';
import type { RouteAction } from '../../../registry/route-action.ts';
import {
  parseAlias,
  parseCount,
  parseEpoch,
  parseModel,
  parsePercent,
  parsePositive,
  parseReason,
  parseShare,
  parseVersion,
} from '../arguments.ts';
import { type BreakingOptions, checkBreaking, orWhatBreaks, remarkOnBreaking } from '../breaking-change.ts';
import type { Context, Execute } from '../context.ts';
import { describeRoute } from '../describe-route.ts';
import { reasonToPromote, reasonToServe } from '../forced-release.ts';
import { parseUrl, popOfUrl } from '../pop-options.ts';
import type { Report } from '../report.ts';
import { describeTarget, findTarget } from '../rollback-target.ts';
import { UsageError } from '../usage-error.ts';
import { reportShadow } from './status.ts';
import { activateVerified } from './verify.ts';

interface RouteOptions extends BreakingOptions {
  ifEpoch?: number;
  json?: boolean;
}

interface LimitOptions {
  maxErrorShare?: number;
  maxDisagreementShare?: number;
  maxDrift?: number;
  maxP95Ms?: number;
  maxAccuracyDrop?: number;
  minRequests?: number;
  /** False with --no-limits. */
  limits: boolean;
}

/** @returns undefined to leave the limits as they are, null to remove them */
function readLimits(options: LimitOptions): RolloutLimits | null | undefined {
  const { maxErrorShare, maxDisagreementShare, maxDrift, maxP95Ms, maxAccuracyDrop, minRequests } = options;
  const limits = {
    ...(maxErrorShare === undefined ? {} : { errorShare: maxErrorShare }),
    ...(maxDisagreementShare === undefined ? {} : { disagreementShare: maxDisagreementShare }),
    ...(maxDrift === undefined ? {} : { drift: maxDrift }),
    ...(maxP95Ms === undefined ? {} : { p95Ms: maxP95Ms }),
    ...(maxAccuracyDrop === undefined ? {} : { accuracyDrop: maxAccuracyDrop }),
  };
  const given = Object.keys(limits).length > 0;
  if (!options.limits && (given || minRequests !== undefined)) {
    throw new UsageError('canary: --no-limits goes with no limit');
  }
  if (!options.limits) return null;
  if (!given && minRequests !== undefined) throw new UsageError('canary: --min-requests goes with a limit');
  return given
    ? rolloutLimitsSchema.parse({ ...limits, ...(minRequests === undefined ? {} : { minRequests }) })
    : undefined;
}

interface ActivateOptions extends RouteOptions {
  verify?: boolean;
  url?: URL;
}

export function addRouteCommands(program: Command, execute: Execute): void {
  /** @param reasonHint a reason for the command to paste, if the change would break callers of the version that is served */
  const run = (
    options: RouteOptions,
    work: (context: Context) => Promise<Report>,
    reasonHint?: (served: string) => string,
  ) => {
    checkBreaking(options);
    return execute(options, (context) => orWhatBreaks(context, options, () => work(context), reasonHint));
  };
  const change = (model: string, action: RouteAction, options: RouteOptions) =>
    run(options, (context) => changeRoute(context, model, action, options));

  addBreaking(program, 'activate', 'serve a version to everyone, at once')
    .argument('<version>', 'a published version', parseVersion)
    .option('--verify', 'replay its golden vectors before and after, and take it back if it fails them')
    .option('--url <url>', 'where to replay them; default: POPSERVE_URL', parseUrl)
    .addOption(popOfUrl())
    .action((model: string, version: string, options: ActivateOptions) =>
      run(options, (context) => activate(context, model, version, options)),
    );

  addBreaking(program, 'rollback', 'go back to the version that was served before; ends a canary')
    .argument('[version]', 'go back to this one instead', parseVersion)
    .action((model: string, version: string | undefined, options: RouteOptions) =>
      run(
        options,
        (context) => rollback(context, model, version, options),
        (served) => `back from ${served}`,
      ),
    );

  addBreaking(program, 'canary', 'give a version a share of the traffic, or change the share')
    .argument('<version>', 'a published version', parseVersion)
    .requiredOption('--percent <number>', 'share of the traffic, 0 to 100', parsePercent)
    .option('--max-error-share <share>', 'end it where more of its requests fail, 0 to 1', parseShare)
    .option('--max-disagreement-share <share>', 'end it where more shadow answers decide otherwise, 0 to 1', parseShare)
    .option('--max-drift <distance>', 'end it where inputs are further from its baseline', parsePositive)
    .option('--max-p95-ms <ms>', 'end it where callers wait longer in 5 % of their calls', parsePositive)
    .option('--max-accuracy-drop <share>', 'end it where fewer answers are right than of stable, 0 to 1', parseShare)
    .option('--min-requests <number>', 'decide from no fewer requests (default: 100)', parseCount)
    .option('--no-limits', 'take the limits of a running canary away')
    .action((model: string, version: string, options: RouteOptions & LimitOptions & { percent: number }) => {
      const limits = readLimits(options);
      const action: RouteAction = {
        ...{ action: 'canary', version, percent: options.percent },
        ...(limits === undefined ? {} : { limits }),
      };
      return run(options, async (context) => {
        const reason = await reasonToServe(context.registry, model, version, options.reason);
        return changeRoute(context, model, action, withReason(options, reason));
      });
    });

  addBreaking(program, 'promote', 'end a canary: serve its version to everyone').action(
    (model: string, options: RouteOptions) =>
      run(options, async (context) => {
        const reason = await reasonToPromote(context.registry, model, options.reason);
        return changeRoute(context, model, { action: 'promote' }, withReason(options, reason));
      }),
  );

  add(program, 'abort', 'end a canary: serve the version from before to everyone').action(
    (model: string, options: RouteOptions) => change(model, { action: 'abort' }, options),
  );

  addBreaking(program, 'shadow', 'let a version run along on a share of the traffic, compared but never answered')
    .argument('[version]', 'a published version', parseVersion)
    .option('--percent <number>', 'share of the traffic, 0 to 100; 0 ends it', parsePercent)
    .option('--report', 'show how the answers compare instead')
    .action(
      (model: string, version: string | undefined, options: RouteOptions & { percent?: number; report?: boolean }) => {
        const { percent, report } = options;
        if (report) return execute(options, (context) => reportShadow(context, model));
        if (version === undefined && percent === 0) return change(model, { action: 'shadow', version: null }, options);
        if (version === undefined || percent === undefined) {
          throw new UsageError('shadow: expected <version> and --percent, --percent 0 to end it, or --report');
        }
        return change(model, { action: 'shadow', version, percent }, options);
      },
    );

  addBreaking(program, 'alias', 'give a version a name of your own, or move the name')
    .argument('<alias>', "the name, for example 'night-shift'", parseAlias)
    .argument('<version>', 'a published version', parseVersion)
    .action((model: string, name: string, version: string, options: RouteOptions) =>
      change(model, { action: 'alias', name, version }, options),
    );

  add(program, 'unalias', 'take a name of your own away')
    .argument('<alias>', 'the name', parseAlias)
    .action((model: string, name: string, options: RouteOptions) =>
      change(model, { action: 'alias', name, version: null }, options),
    );
}

function add(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .description(summary)
    .argument('<model>', 'name of the model', parseModel)
    .option('--reason <text>', 'for the history of the model', parseReason)
    .option('--if-epoch <epoch>', 'only if nobody has changed the route since this epoch', parseEpoch)
    .option('--json', 'machine-readable output');
}

/** A command whose route may give callers a version with another contract. */
function addBreaking(program: Command, name: string, summary: string): Command {
  return add(program, name, summary).option(
    '--breaking',
    'do it even if callers of the version that is served break; needs --reason',
  );
}

async function activate(context: Context, model: string, version: string, options: ActivateOptions): Promise<Report> {
  if (options.url !== undefined && !options.verify) throw new UsageError('--url goes with --verify');
  const told = withReason(options, await reasonToServe(context.registry, model, version, options.reason));
  if (options.verify) return activateVerified(context, model, version, told);
  return changeRoute(context, model, { action: 'activate', version }, told);
}

/** Says where it goes, then goes there or nowhere: the target is named, and so is the route that it was seen in. */
async function rollback(
  context: Context,
  model: string,
  version: string | undefined,
  options: RouteOptions,
): Promise<Report> {
  const target = await findTarget(context.registry, model, version);
  if (target === null) {
    return changeRoute(context, model, { action: 'rollback', ...(version === undefined ? {} : { version }) }, options);
  }
  for (const line of describeTarget(model, target)) context.progress.tell(line);
  const reason = await reasonToServe(context.registry, model, target.version, options.reason);
  const seen = { ...withReason(options, reason), ifEpoch: options.ifEpoch ?? target.epoch };
  return changeRoute(context, model, { action: 'rollback', version: target.version }, seen);
}

function withReason<T extends RouteOptions>(options: T, reason: string | undefined): T {
  return reason === undefined ? options : { ...options, reason };
}

async function changeRoute(
  { registry, progress }: Context,
  model: string,
  action: RouteAction,
  options: RouteOptions,
): Promise<Report> {
  const { reason, breaking, ifEpoch } = options;
  progress.step(`${action.action} ${model}`);
  const change = await registry.appendRoute(
    model,
    { ...action, ...(breaking ? { breaking } : {}), ...(reason === undefined ? {} : { reason }) },
    ifEpoch,
  );
  const pending =
    'PoPs hear of it in some seconds, at the latest with the next scheduled repair: the copy that they read takes one write a second';
  return {
    lines: [
      ...(change.created ? [] : [whyNothing(model, action, change.route)]),
      ...describeRoute(change.route),
      ...remarkOnBreaking(options, change.route),
      ...(change.copyPending ? [pending] : []),
    ],
    value: change,
  };
}

/** A mistyped alias and a canary that has ended would otherwise look like a success. */
function whyNothing(model: string, action: RouteAction, { aliases }: Route): string {
  if (action.action === 'abort') return `nothing to change: no canary of ${model} is running`;
  if (action.action !== 'alias' || action.version !== null) return 'nothing to change';
  const own = Object.keys(aliases).filter((name) => name !== 'stable' && name !== 'canary');
  const there = own.length === 0 ? 'it has none' : `aliases there: ${nearest(action.name, own)}`;
  return `nothing to change: ${model} has no alias '${action.name}'; ${there}`;
}
