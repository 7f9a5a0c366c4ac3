// `popserve audit`: the changes that were made through the control plane, newest first.
import { type Command, InvalidArgumentError } from 'commander';
import type { AuditRecord } from '../../../registry/api/audit.ts';
import { describeDetails, isAsked, modelOfRecord } from '../../../registry/audit-search.ts';
import { parseCount, parseModel } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { type Report, table } from '../report.ts';

interface AuditOptions {
  since?: Since;
  actor?: string;
  change?: string;
  model?: string;
  limit: number;
  json?: boolean;
}

/** A moment, or so many milliseconds before the command runs. */
type Since = { readonly at: number } | { readonly agoMs: number };

/** Each record is an object of its own in storage: a filter that finds little does not read years of them. */
const mostRead = 5000;

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export function addAudit(program: Command, execute: Execute): void {
  program
    .command('audit')
    .description('who changed what, when and from where, newest first')
    .option('--since <time>', 'not older than this: 2026-11-24, 2026-11-24T12:00:00Z, 30m, 12h or 7d', parseSince)
    .option('--actor <text>', 'only changes of these people or keys: a part of the name is enough')
    .option('--change <text>', 'only changes of this kind: a part of its name is enough, such as key or route')
    .option('--model <model>', 'only changes of this model', parseModel)
    .option('--limit <number>', 'at most so many changes', parseCount, 50)
    .option('--json', 'one JSON object a line')
    .action((options: AuditOptions) => execute(options, (context) => audit(context, options)));
}

async function audit(context: Context, options: AuditOptions): Promise<Report> {
  const { registry, progress, host } = context;
  const sinceMs = startOf(options.since, host.now());
  const found: AuditRecord[] = [];
  let read = 0;
  let unreadFrom: string | null = null;
  for await (const record of registry.audit()) {
    if (Date.parse(record.at) < sinceMs || found.length === options.limit) break;
    if (read === mostRead) {
      unreadFrom = record.at;
      break;
    }
    read += 1;
    progress.step(`read ${read} changes, back to ${time(record.at)}`);
    if (isAsked(record, options)) found.push(record);
  }
  const rows = found.map((record) => [
    time(record.at),
    record.actor === record.caller ? record.actor : `${record.actor} (${record.caller})`,
    record.address,
    record.change,
    modelOfRecord(record) ?? '',
    describeDetails(record.details),
  ]);
  if (unreadFrom !== null)
    progress.tell(`only the newest ${mostRead} changes were looked at, back to ${time(unreadFrom)}`);
  return {
    lines:
      rows.length === 0
        ? ['no such changes']
        : table([['WHEN (UTC)', 'WHO', 'FROM', 'CHANGE', 'MODEL', 'DETAILS'], ...rows]),
    value: null,
    json: () => found.map((record) => JSON.stringify(record)).join('\n'),
  };
}

function startOf(since: Since | undefined, now: Date): number {
  if (since === undefined) return Number.NEGATIVE_INFINITY;
  return 'at' in since ? since.at : now.getTime() - since.agoMs;
}

function parseSince(text: string): Since {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return { agoMs: Number(count) * (unitMs[unit] ?? 0) };
  const at = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return { at };
  throw new InvalidArgumentError('expected a date like 2026-11-24, a time in RFC 3339, or an age like 30m, 12h or 7d.');
}

function time(at: string): string {
  return at.slice(0, 19).replace('T', ' ');
}
