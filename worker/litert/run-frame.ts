// One run: the frame of its inputs to the frame of its outputs.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { byteLengthOf, decodeFrame, encodeFrame, type RawFrame } from '../protocol/raw-frame.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Account } from '../runtime/ledger.ts';
import type { ModelCache } from '../runtime/model-cache.ts';

/**
 * @param account is told of the answer before it is made
 * @returns the outputs that `extra.outputs` of the frame names, in that order; all of them if it names none
 * @throws PopserveError INVALID_ARGUMENT for what the version does not take, UNAVAILABLE if it cannot be loaded or there is no room
 */
export async function runFrame(
  models: ModelCache,
  manifest: Manifest,
  body: Uint8Array,
  account: Account,
  scope: RequestScope,
): Promise<Uint8Array<ArrayBuffer>> {
  const { tensors, extra } = decodeFrame(body);
  const names = outputsOf(extra, manifest);
  return await models.use(manifest, scope, ({ session }) =>
    session.run(tensors, names, (outputs) => {
      const named = outputs.map((output, index) => ({ name: names[index] ?? '', ...output }));
      account.take(
        'answers',
        named.reduce((sum, { data }) => sum + byteLengthOf(data), 0),
      );
      return encodeFrame({ tensors: named, extra: {} });
    }),
  );
}

/** @throws PopserveError INVALID_ARGUMENT for names that are none of the version's outputs */
function outputsOf({ outputs }: RawFrame['extra'], { signature }: Manifest): readonly string[] {
  const known = signature.outputs.map(({ name }) => name);
  if (outputs === undefined) return known;
  if (Array.isArray(outputs) && outputs.every((name) => known.includes(name))) return outputs;
  throw new PopserveError(
    'INVALID_ARGUMENT',
    `outputs: expected names of ${JSON.stringify(known)}, got ${JSON.stringify(outputs)}`,
  );
}
