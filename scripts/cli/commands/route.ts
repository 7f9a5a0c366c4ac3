// The commands that change what is served: each asks for one new route and says what is served from then on.
import type { Command } from 'commander';
import type { RouteAction } from '../../../registry/route-action.ts';
import { parseAlias, parseEpoch, parseModel, parsePercent, parseReason, parseVersion } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { describeRoute } from '../describe-route.ts';
import type { Report } from '../report.ts';

interface RouteOptions {
  reason?: string;
  ifEpoch?: number;
  json?: boolean;
}

export function addRouteCommands(program: Command, execute: Execute): void {
  const change = (model: string, action: RouteAction, options: RouteOptions) =>
    execute(options, (context) => changeRoute(context, model, action, options));

  add(program, 'activate', 'serve a version to everyone, at once')
    .argument('<version>', 'a published version', parseVersion)
    .action((model: string, version: string, options: RouteOptions) =>
      change(model, { action: 'activate', version }, options),
    );

  add(program, 'rollback', 'go back to the version that was served before; ends a canary')
    .argument('[version]', 'go back to this one instead', parseVersion)
    .action((model: string, version: string | undefined, options: RouteOptions) =>
      change(model, { action: 'rollback', ...(version === undefined ? {} : { version }) }, options),
    );

  add(program, 'canary', 'give a version a share of the traffic, or change the share')
    .argument('<version>', 'a published version', parseVersion)
    .requiredOption('--percent <number>', 'share of the traffic, 0 to 100', parsePercent)
    .action((model: string, version: string, options: RouteOptions & { percent: number }) =>
      change(model, { action: 'canary', version, percent: options.percent }, options),
    );

  add(program, 'promote', 'end a canary: serve its version to everyone').action(
    (model: string, options: RouteOptions) => change(model, { action: 'promote' }, options),
  );

  add(program, 'abort', 'end a canary: serve the version from before to everyone').action(
    (model: string, options: RouteOptions) => change(model, { action: 'abort' }, options),
  );

  add(program, 'shadow', 'let a version run along on a share of the traffic, compared but never answered')
    .argument('<version>', 'a published version', parseVersion)
    .requiredOption('--percent <number>', 'share of the traffic, 0 to 100; 0 ends it', parsePercent)
    .action((model: string, version: string, options: RouteOptions & { percent: number }) =>
      change(model, { action: 'shadow', version, percent: options.percent }, options),
    );

  add(program, 'alias', 'give a version a name of your own, or move the name')
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

async function changeRoute(
  { registry, progress }: Context,
  model: string,
  action: RouteAction,
  { reason, ifEpoch }: RouteOptions,
): Promise<Report> {
  progress.step(`${action.action} ${model}`);
  const change = await registry.appendRoute(model, { ...action, ...(reason === undefined ? {} : { reason }) }, ifEpoch);
  const pending = 'PoPs hear of it with the next scheduled repair: the copy that they read could not be written';
  return {
    lines: [
      ...(change.created ? [] : ['nothing to change']),
      ...describeRoute(change.route),
      ...(change.copyPending ? [pending] : []),
    ],
    value: change,
  };
}
