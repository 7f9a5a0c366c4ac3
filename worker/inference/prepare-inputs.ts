// From the pictures or texts of a request to the model's inputs, counted in the ledger before they are made.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TextInput } from '../../registry/pipeline/text-input.ts';
import type { Isolate } from '../isolate.ts';
import type { Item, Prepared } from '../pipeline/items.ts';
import { requireWhole, TextBatch, tokenising } from '../pipeline/prepare-texts.ts';
import { admitFor } from '../protocol/check-inputs.ts';
import type { InputTensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Account } from '../runtime/ledger.ts';
import type { Sent } from './sent.ts';

/** The work of one request: what it takes in memory, and what goes on behind its answer. */
export interface Work {
  readonly account: Account;
  readonly scope: RequestScope;
}

interface Wanted {
  readonly sent: Sent;
  readonly parameters: PipelineParameters;
}

/**
 * @throws {PopserveError} INVALID_ARGUMENT, TOO_LARGE and UNSUPPORTED_MEDIA naming the step at fault and, among several, the place;
 *   UNAVAILABLE where it does not fit into memory now
 */
export async function prepareInputs(
  { pictures, texts }: Pick<Isolate, 'pictures' | 'texts'>,
  manifest: Manifest,
  { sent, parameters }: Wanted,
  work: Work,
): Promise<Prepared<Item, InputTensor>> {
  const { pipeline } = manifest;
  if (pipeline !== undefined && 'image' in pipeline && 'files' in sent) {
    return pictures.prepare(sent.files, { image: pipeline.image, admit: admitFor(manifest) }, work.account);
  }
  if (pipeline !== undefined && 'text' in pipeline && 'texts' in sent) {
    return prepareTexts(texts, manifest, pipeline.text, { sent, parameters }, work);
  }
  throw new Error('a request that its pipeline does not take');
}

async function prepareTexts(
  texts: Isolate['texts'],
  manifest: Manifest,
  input: TextInput,
  {
    sent,
    parameters,
  }: { readonly sent: { readonly texts: readonly string[] }; readonly parameters: PipelineParameters },
  { account, scope }: Work,
): Promise<Prepared<Item, InputTensor>> {
  const asked = tokenising(sent.texts, input, parameters.prompt_name);
  const { encodings } = await texts.encode(manifest, asked.texts, asked.options, { account, scope });
  if (parameters.truncate === false) requireWhole(encodings, asked);
  const batch = new TextBatch(sent.texts, encodings, asked.prompt, input);
  batch.heads.forEach(admitFor(manifest));
  account.take('decoded', batch.byteLength);
  return batch.prepared();
}
