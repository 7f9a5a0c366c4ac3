// `popserve backup` and `popserve restore`: the whole registry in a folder, and back.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import { BackupFolder } from '../../transfer/backup-folder.ts';
import { type BackupCheck, checkBackup } from '../../transfer/check-backup.ts';
import { planRestore, type RestorePlan, restoreBackup } from '../../transfer/restore-backup.ts';
import { takeBackup } from '../../transfer/take-backup.ts';
import type { Context, Execute } from '../context.ts';
import { parsePlace, readPlace } from '../places.ts';
import { type Report, sizeText } from '../report.ts';
import { UsageError } from '../usage-error.ts';

interface BackupOptions {
  from?: string;
  check?: boolean;
  prune?: boolean;
  json?: boolean;
}

interface RestoreOptions {
  to?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** A report names at most so many objects of a kind; `--json` has all. */
const mostNamed = 20;

export function addBackupCommands(program: Command, execute: Execute): void {
  program
    .command('backup')
    .description('keep the whole registry in a folder; again, only what is new')
    .argument('<folder>', 'where it is kept')
    .option('--from <place>', 'a name such as production, or a URL (default: POPSERVE_URL)', parsePlace)
    .option('--check', 'check the folder instead, without the registry')
    .option('--prune', 'take out what the registry has deleted')
    .option('--json', 'machine-readable output')
    .action((folder: string, options: BackupOptions) => {
      if (options.check && (options.prune || options.from !== undefined)) {
        throw new UsageError('backup: --check goes with neither --from nor --prune');
      }
      return execute(options, (context) => (options.check ? check(context, folder) : backup(context, folder, options)));
    });

  program
    .command('restore')
    .description('put a backup back into a registry that is empty, or has part of it')
    .argument('<folder>', 'where the backup is kept')
    .option('--to <place>', 'a name such as production, or a URL (default: POPSERVE_URL)', parsePlace)
    .option('--dry-run', 'only say what would be written')
    .option('--json', 'machine-readable output')
    .action((folder: string, options: RestoreOptions) =>
      execute(options, (context) => restore(context, folder, options)),
    );
}

async function backup(context: Context, directory: string, options: BackupOptions): Promise<Report> {
  const { host, progress } = context;
  const source = at(context, options.from, '--from');
  const { url } = source.connection.settings;
  const folder = await BackupFolder.open(resolve(directory), url.href);
  const report = await takeBackup(source.registry, folder, { prune: options.prune ?? false, now: host.now() }, (step) =>
    progress.step(step),
  );
  const { objects, bytes, fetched, fetchedBytes, vanished, faults } = report;
  return {
    lines: [
      `${url.origin} in ${directory}: ${objects} objects of ${sizeText(bytes)}, ${fetched} of them new (${sizeText(fetchedBytes)})`,
      ...named(vanished, options.prune ? 'deleted there and taken out' : 'deleted there; --prune takes it out'),
      ...named(faults, 'FAULT'),
    ],
    value: { folder: folder.directory, source: url.href, ...report },
    failed: faults.length > 0,
  };
}

async function check({ progress }: Context, directory: string): Promise<Report> {
  const folder = await BackupFolder.open(resolve(directory));
  const found = await checkBackup(folder, (step) => progress.step(step));
  const of = `${directory}, ${folder.source} as of ${folder.takenAt ?? 'an unfinished backup'}`;
  return {
    lines: [
      `${of}: ${folder.entries.size} objects of ${sizeText(found.bytes)}${describeCounts(found)}`,
      found.faults.length === 0 ? 'whole: it can be restored' : `damaged: ${found.faults.length} faults`,
      ...named(found.faults, 'FAULT'),
    ],
    value: { folder: folder.directory, source: folder.source, takenAt: folder.takenAt, ...found },
    failed: found.faults.length > 0,
  };
}

async function restore(context: Context, directory: string, options: RestoreOptions): Promise<Report> {
  const { host, progress } = context;
  const tell = (step: string) => progress.step(step);
  const folder = await BackupFolder.open(resolve(directory));
  const { faults } = await checkBackup(folder, tell);
  if (faults.length > 0) {
    throw new PopserveError(
      'UNPROCESSABLE',
      `${directory} is damaged, nothing was restored: ${faults.slice(0, mostNamed).join('; ')}`,
    );
  }
  const target = at(context, options.to, '--to');
  const plan = await planRestore(target.registry, folder, tell);
  const place = target.connection.settings.url.origin;
  if (options.dryRun) return describePlan(plan, place);
  const report = await restoreBackup(target.registry, folder, plan, { tell, wait: (ms) => host.wait(ms) });
  const { written, raised, repair } = report;
  return {
    lines: [
      `${directory} at ${place}: ${written} objects written, ${plan.there} were there`,
      ...raised.map(
        ({ model, from, lost, to }) =>
          `${model}: PoPs have served up to epoch ${lost}, the backup ends at ${from}; it goes on at ${to} with the same routing`,
      ),
      `${repair.repaired.length} copies in KV written`,
      ...repair.failed.map(({ model, error }) => `${model}: its copy in KV could not be written: ${error}`),
    ],
    value: { folder: folder.directory, to: target.connection.settings.url.href, there: plan.there, ...report },
    failed: repair.failed.length > 0,
  };
}

function describePlan(plan: RestorePlan, place: string): Report {
  return {
    lines: [
      `would write ${plan.write.length} objects at ${place}; ${plan.there} are there`,
      ...named(plan.conflicts, 'there with other content, so nothing would be written'),
    ],
    value: plan,
    failed: plan.conflicts.length > 0,
  };
}

function describeCounts({ counts }: BackupCheck): string {
  const each = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  return each.length === 0 ? '' : ` (${each.join(', ')})`;
}

function named(keys: readonly string[], what: string): string[] {
  const shown = keys.slice(0, mostNamed).map((key) => `${what}: ${key}`);
  return keys.length > mostNamed ? [...shown, `${what}: ${keys.length - mostNamed} more`] : shown;
}

/** The place that an option names, or the usual one. */
function at(context: Context, place: string | undefined, option: string): Context {
  return place === undefined ? context : context.at(readPlace(context.host.env, place, option));
}
