// Which model and version a request asks for: from its path and headers.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { isModelName } from '../../registry/names.ts';
import { unknownModel } from '../../registry/unknown-model.ts';
import type { Selector } from '../routing/route-table.ts';
import type { AppContext } from './app-context.ts';

/**
 * @param named the model and version, where the path's parameters are not called so
 * @throws PopserveError NOT_FOUND for what cannot be a model's name, INVALID_ARGUMENT for a wrong header
 */
export function readSelector(
  c: Context<AppContext>,
  { model, version }: { model?: string | undefined; version?: string | undefined } = c.req.param(),
): Selector {
  if (model === undefined || !isModelName(model)) {
    throw unknownModel(model ?? '');
  }
  const minEpoch = c.req.header('popserve-min-epoch');
  return {
    model,
    requested: version ?? null,
    minEpoch: minEpoch === undefined ? null : readEpoch(minEpoch),
    key: c.req.header('popserve-key') ?? c.get('caller')?.id ?? c.req.header('cf-connecting-ip') ?? '',
  };
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
  return readSelector(c, model === undefined ? { model: name } : { model, version: name });
}

/** The model that the path names, in whichever form; null if it names none. Its name has not been checked. */
export function modelInPath(c: Context<AppContext>): string | null {
  return c.req.param('model') ?? c.req.param('call')?.replace(/:.*$/, '') ?? null;
}

function readEpoch(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new PopserveError('INVALID_ARGUMENT', `header popserve-min-epoch: expected a whole number, got '${text}'`);
}
