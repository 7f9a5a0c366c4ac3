// The error for a model or a version that the registry does not have, in the words of Triton, which its clients compare.
import { cut } from './describe.ts';
import { PopserveError } from './errors.ts';

/** @param model as it came: it need not be shaped like a name */
export function unknownModel(model: string): PopserveError {
  return new PopserveError('NOT_FOUND', `Request for unknown model: '${cut(model)}' is not found`);
}

/**
 * @param version or alias, as it came
 * @param aliases those that the model has, where one was looked for
 */
export function unknownVersion(model: string, version: string, aliases?: readonly string[]): PopserveError {
  const known = aliases === undefined ? '' : ` (aliases: ${aliases.length === 0 ? 'none' : aliases.join(', ')})`;
  return new PopserveError(
    'NOT_FOUND',
    `Request for unknown model: '${model}' version ${cut(version)} is not found${known}`,
  );
}
