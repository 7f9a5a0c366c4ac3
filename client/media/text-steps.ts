// The steps between texts and tensors where a version runs here: the PoP's own code. Loaded when it is first needed, or by `prepare()`.
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { pool } from '../../worker/pipeline/pool.ts';
import { TextBatch, tokenising } from '../../worker/pipeline/prepare-texts.ts';
import { readTokenizer, type Tokenizer } from '../../worker/pipeline/text/tokenizer.ts';
import type { OutputTensor, Spelled } from '../tensors.ts';
import { fromRun, toRun } from './run-tensors.ts';

export type EmbeddingPipeline = Extract<Pipeline, { task: 'feature-extraction' }>;

/** What a caller may ask of vectors. */
export interface EmbeddingParameters {
  readonly dimensions?: number | undefined;
  readonly prompt?: string | undefined;
}

export interface Embedded {
  readonly embeddings: Float32Array[];
  /** Those of all texts that the model was given, the special ones among them. */
  readonly tokens: number;
  /** Whether one was cut off. */
  readonly truncated: boolean;
}

export interface StartedEmbedding {
  readonly inputs: ReadonlyMap<string, Spelled>;
  /** @param outputs all that the model gives */
  finish(outputs: Readonly<Record<string, OutputTensor>>): Embedded;
}

/** The one used last: reading it again costs more than an embedding. */
let latest: { readonly artifact: Uint8Array; readonly tokenizer: Tokenizer } | undefined;

/**
 * Makes a model's inputs of texts, as the PoP does.
 * @param artifact the version's tokenizer
 * @throws {PopserveError} the registry's, naming the step at fault
 */
export function startEmbedding(
  { text, after }: EmbeddingPipeline,
  texts: readonly string[],
  artifact: Uint8Array,
  { dimensions, prompt }: EmbeddingParameters,
): StartedEmbedding {
  if (latest?.artifact !== artifact) latest = { artifact, tokenizer: readTokenizer(artifact) };
  const { tokenizer } = latest;
  const asked = tokenising(texts, text, prompt);
  const encodings = asked.texts.map((each) => tokenizer.encode(each, asked.options));
  const { inputs, items } = new TextBatch(texts, encodings, asked.prompt, text).prepared();
  return {
    inputs: toRun(inputs),
    finish: (outputs) => {
      const output = fromRun(outputs).find(({ name }) => name === after.output);
      if (output === undefined) throw new Error(`the model gave no output '${after.output}'`);
      return {
        embeddings: pool(output, after, items, dimensions === undefined ? {} : { dimensions }),
        tokens: items.reduce((sum, each) => sum + each.tokens, 0),
        truncated: items.some((each) => each.total > each.tokens),
      };
    },
  };
}
