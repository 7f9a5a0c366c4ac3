// `popserve renew`: raises the epoch of a model above what any PoP has served, after the newest routes of its log were lost.
import type { Command } from 'commander';
import { raiseEpoch } from '../../transfer/raise-epoch.ts';
import { parseModel, parseReason } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import type { Report } from '../report.ts';

export function addRenew(program: Command, execute: Execute): void {
  program
    .command('renew')
    .description('let PoPs take releases again that are ahead of the route log, after a restore of an older backup')
    .argument('<model>', 'name of the model', parseModel)
    .option('--reason <text>', 'for the history of the model', parseReason)
    .option('--json', 'machine-readable output')
    .action((model: string, options: { reason?: string; json?: boolean }) =>
      execute(options, (context) => renew(context, model, options.reason)),
    );
}

async function renew({ registry, progress }: Context, model: string, reason: string | undefined): Promise<Report> {
  progress.step(`asking which epochs of ${model} PoPs have served`);
  const raised = await raiseEpoch(registry, model, reason);
  if (raised === null) return { lines: [`${model}: no PoP is ahead of the route log`], value: { model, raised: null } };
  const { from, lost, to } = raised;
  return {
    lines: [`${model}: from epoch ${from} to ${to}, serving the same; PoPs had served up to epoch ${lost}`],
    value: { model, raised },
  };
}
