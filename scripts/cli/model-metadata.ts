// The metadata of a model as its callers may read them.
import { type ModelMetadata, modelMetadataSchema } from '../../registry/api/metadata.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import { type AskedModel, pathOf } from './ask-model.ts';
import type { Context } from './context.ts';

/** @throws {PopserveError} whatever the PoP says */
export async function readMetadata(
  { connection }: Context,
  asked: Pick<AskedModel, 'model' | 'version'>,
): Promise<ModelMetadata> {
  const reply = await connection.send({
    ...{ method: 'GET', path: pathOf(asked), repeat: 'always' },
    authorized: connection.settings.token !== null,
  });
  const what = `the metadata of ${asked.model}`;
  return parse(
    modelMetadataSchema,
    parseJson(new TextDecoder().decode(reply.body), what, 'INTERNAL'),
    what,
    'INTERNAL',
  );
}
