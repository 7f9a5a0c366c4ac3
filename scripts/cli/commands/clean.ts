// The commands that clean the registry: retire, retry, gc.
import type { Command } from 'commander';
import { parseModel, parseVersion } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { type Report, shortDigest, sizeText, table } from '../report.ts';

export function addCleanCommands(program: Command, execute: Execute): void {
  program
    .command('retire')
    .description('delete a version that is not served any more; gc then frees its storage')
    .argument('<model>', 'name of the model', parseModel)
    .argument('<version>', 'a published version', parseVersion)
    .option('--json', 'machine-readable output')
    .action((model: string, version: string, options: { json?: boolean }) =>
      execute(options, (context) => retire(context, model, version)),
    );

  program
    .command('retry')
    .description('let a version be loaded again that has failed its trials')
    .argument('<model>', 'name of the model', parseModel)
    .argument('<version>', 'a published version', parseVersion)
    .option('--json', 'machine-readable output')
    .action((model: string, version: string, options: { json?: boolean }) =>
      execute(options, (context) => retry(context, model, version)),
    );

  program
    .command('gc')
    .description('delete stored bytes that no version needs and that are older than the grace period')
    .option('--dry-run', 'only report')
    .option('--json', 'machine-readable output')
    .action((options: { dryRun?: boolean; json?: boolean }) =>
      execute(options, (context) => collectGarbage(context, options.dryRun ?? false)),
    );
}

async function retire({ registry }: Context, model: string, version: string): Promise<Report> {
  await registry.retireVersion(model, version);
  return { lines: [`${model} ${version} is retired`], value: { model, version, retired: true } };
}

async function retry({ registry }: Context, model: string, version: string): Promise<Report> {
  await registry.retryVersion(model, version);
  return {
    lines: [`${model} ${version} is on trial again: PoPs try it within a minute`],
    value: { model, version, retried: true },
  };
}

async function collectGarbage({ registry, progress }: Context, dryRun: boolean): Promise<Report> {
  progress.step('looking for stored bytes that no version needs');
  const report = await registry.collectGarbage(dryRun);
  const { blobs, bytes, youngBlobs, namedBlobs } = report;
  const rows = blobs.map((blob) => [shortDigest(blob.digest), sizeText(blob.bytes)]);
  return {
    lines: [
      ...(rows.length === 0 ? [] : table([['BLOB', 'SIZE'], ...rows])),
      `${dryRun ? 'would delete' : 'deleted'} ${blobs.length} blobs of ${sizeText(bytes)}; ${namedBlobs} in use, ${youngBlobs} unused but still young`,
    ],
    value: report,
  };
}
