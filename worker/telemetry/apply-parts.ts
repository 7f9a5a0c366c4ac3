// Stores the parts of a report in the object. During a deploy isolates and objects may run different versions of the code, so a
// part may be unknown here or have another shape: it is logged and left out, and the other parts are kept. Sending it again would
// not help, so the report counts as stored.
import type { SqlStorage } from '@cloudflare/workers-types';
import * as z from 'zod';
import type { Log } from '../logging/log.ts';
import type { TelemetryParts } from './parts.ts';
import type { PartName, ReportContext } from './report.ts';

const shownCharacters = 500;

/**
 * Must be called within a transaction: an error of storage is thrown, and then nothing of the report may stay.
 * @param parts of the report, as they came
 */
export function applyParts(
  known: TelemetryParts,
  parts: Readonly<Record<string, unknown>>,
  { sql, model, context, log }: { sql: SqlStorage; model: string; context: ReportContext; log: Log },
): void {
  const { pop } = context;
  const apply = <Name extends PartName>(name: Name, data: unknown) => {
    const part: TelemetryParts[Name] = known[name];
    const read = part.schema.safeParse(data);
    if (read.success) part.apply(sql, read.data, context);
    else {
      const error = z.prettifyError(read.error).slice(0, shownCharacters);
      log('part-malformed', { model, pop, part: name, error });
    }
  };
  for (const [name, data] of Object.entries(parts)) {
    if (isKnown(known, name)) apply(name, data);
    else log('part-unknown', { model, pop, part: name.slice(0, shownCharacters) });
  }
}

function isKnown(known: TelemetryParts, name: string): name is PartName {
  return Object.hasOwn(known, name);
}
