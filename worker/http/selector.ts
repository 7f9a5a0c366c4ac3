// Which model and version a request asks for: from its path and headers.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { isModelName } from '../../registry/names.ts';
import type { Selector } from '../routing/route-table.ts';
import type { AppContext } from './app-context.ts';

/** @throws PopserveError NOT_FOUND for what cannot be a model's name, INVALID_ARGUMENT for a wrong header */
export function readSelector(c: Context<AppContext>): Selector {
  return selectorOf(c, c.req.param('model'), c.req.param('version') ?? null);
}

/**
 * For TensorFlow Serving's paths, whose last part is `<name>:<verb>`: the model, or a version or label of it.
 * @throws PopserveError NOT_FOUND without a verb, UNSUPPORTED for any verb but `predict`; as {@link readSelector}
 */
export function readPredictSelector(c: Context<AppContext>): Selector {
  const call = c.req.param('call') ?? '';
  const [, name, verb] = /^(.+):([a-z]+)$/.exec(call) ?? [];
  if (name === undefined) {
    throw new PopserveError('NOT_FOUND', `no such call: expected '${call.slice(0, 100)}:predict'`);
  }
  if (verb !== 'predict') {
    throw new PopserveError('UNSUPPORTED', `':${verb}' is not supported, only ':predict'`);
  }
  const model = c.req.param('model');
  return model === undefined ? selectorOf(c, name, null) : selectorOf(c, model, name);
}

/** The model that the path names, in whichever form; null if it names none. Its name has not been checked. */
export function modelInPath(c: Context<AppContext>): string | null {
  return c.req.param('model') ?? c.req.param('call')?.replace(/:.*$/, '') ?? null;
}

function selectorOf(c: Context<AppContext>, model: string | undefined, requested: string | null): Selector {
  if (model === undefined || !isModelName(model)) {
    throw new PopserveError('NOT_FOUND', `no model '${(model ?? '').slice(0, 100)}'`);
  }
  return {
    model,
    requested,
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
