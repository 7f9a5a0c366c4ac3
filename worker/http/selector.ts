// Which model and version a request asks for: from its path and headers.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { isModelName } from '../../registry/names.ts';
import type { Selector } from '../routing/route-table.ts';
import type { AppContext } from './app-context.ts';

/**
 * @param named what the path says, where its parameters are not called `model` and `version`
 * @throws PopserveError NOT_FOUND for what cannot be a model's name, INVALID_ARGUMENT for a wrong header
 */
export function readSelector(
  c: Context<AppContext>,
  named: { model: string | undefined; version: string | null } = {
    model: c.req.param('model'),
    version: c.req.param('version') ?? null,
  },
): Selector {
  const model = named.model ?? '';
  if (!isModelName(model)) throw new PopserveError('NOT_FOUND', `no model '${model.slice(0, 100)}'`);
  return {
    model,
    requested: named.version,
    minEpoch: readMinEpoch(c.req.header('popserve-min-epoch')),
    key: c.req.header('popserve-key') ?? c.get('caller')?.id ?? c.req.header('cf-connecting-ip') ?? '',
  };
}

function readMinEpoch(header: string | undefined): number | null {
  if (header === undefined) return null;
  const epoch = /^[0-9]{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (Number.isNaN(epoch)) {
    throw new PopserveError('INVALID_ARGUMENT', `header popserve-min-epoch: expected a whole number, got '${header}'`);
  }
  return epoch;
}
