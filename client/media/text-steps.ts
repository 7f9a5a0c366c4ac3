// The steps between texts and tensors where a version runs here: the PoP's own code. Loaded when it is first needed, or by `prepare()`.
import type { LabelScore, TextSpan } from '../../registry/api/task-answers.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { classify } from '../../worker/pipeline/classify.ts';
import type { TextItem } from '../../worker/pipeline/items.ts';
import { pool } from '../../worker/pipeline/pool.ts';
import { TextBatch, tokenising } from '../../worker/pipeline/prepare-texts.ts';
import { spans } from '../../worker/pipeline/spans.ts';
import { readTokenizer, type Tokenizer } from '../../worker/pipeline/text/tokenizer.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { OutputTensor, Spelled } from '../tensors.ts';
import { fromRun, toRun } from './run-tensors.ts';

type TextPipeline<Task extends Pipeline['task']> = Extract<Pipeline, { task: Task }>;

/** A run between its two halves. */
export interface StartedTexts<Answer> {
  readonly inputs: ReadonlyMap<string, Spelled>;
  /** @param outputs all that the model gives */
  finish(outputs: Readonly<Record<string, OutputTensor>>): Read<Answer>;
}

/** Answers to all texts, and what was read of them. */
export interface Read<Answer> {
  readonly answers: Answer[];
  /** Those of all texts that the model was given, the special ones among them. */
  readonly tokens: number;
  /** Whether one was cut off. */
  readonly truncated: boolean;
}

/** A caller may limit the labels of an answer. */
export interface LabelParameters {
  readonly topK?: number | undefined;
  readonly threshold?: number | undefined;
}

/** A caller may shorten the vectors of an answer, and name the prompt in front of the texts. */
export interface EmbeddingParameters {
  readonly dimensions?: number | undefined;
  readonly prompt?: string | undefined;
}

/** The one used last: reading it again costs more than an embedding. */
let latest: { readonly artifact: Uint8Array; readonly tokenizer: Tokenizer } | undefined;

/**
 * Makes a model's inputs of texts, as the PoP does, and vectors of its outputs.
 * @param artifact the version's tokenizer
 * @throws {PopserveError} the registry's, naming the step at fault
 */
export function startEmbedding(
  { text, after }: TextPipeline<'feature-extraction'>,
  texts: readonly string[],
  artifact: Uint8Array,
  { dimensions, prompt }: EmbeddingParameters,
): StartedTexts<Float32Array> {
  const asked = dimensions === undefined ? {} : { dimensions };
  return start(text, texts, artifact, prompt, after.output, (output, items) => pool(output, after, items, asked));
}

/** As {@link startEmbedding}, for the classes of texts. */
export function startClassifying(
  { text, after }: TextPipeline<'text-classification'>,
  texts: readonly string[],
  artifact: Uint8Array,
  { topK = after.topK, threshold }: LabelParameters,
): StartedTexts<LabelScore[]> {
  const asked = { topK, ...(threshold === undefined ? {} : { threshold }) };
  return start(text, texts, artifact, undefined, after.output, (output) => classify(output, after, asked));
}

/** As {@link startEmbedding}, for the parts of texts that a model marks. */
export function startMarking(
  { text, after }: TextPipeline<'token-classification'>,
  texts: readonly string[],
  artifact: Uint8Array,
  { threshold }: LabelParameters,
): StartedTexts<TextSpan[]> {
  return start(text, texts, artifact, undefined, after.output, (output, items) =>
    spans(output, after, items, threshold),
  );
}

function start<Answer>(
  input: TextPipeline<'feature-extraction'>['text'],
  texts: readonly string[],
  artifact: Uint8Array,
  prompt: string | undefined,
  outputName: string,
  answer: (output: Tensor, items: readonly TextItem[]) => Answer[],
): StartedTexts<Answer> {
  if (latest?.artifact !== artifact) latest = { artifact, tokenizer: readTokenizer(artifact) };
  const { tokenizer } = latest;
  const asked = tokenising(texts, input, prompt);
  const encodings = asked.texts.map((each) => tokenizer.encode(each, asked.options));
  const { inputs, items } = new TextBatch(texts, encodings, asked.prompt, input).prepared();
  return {
    inputs: toRun(inputs),
    finish: (outputs) => {
      const output = fromRun(outputs).find(({ name }) => name === outputName);
      if (output === undefined) throw new Error(`the model gave no output '${outputName}'`);
      return {
        answers: answer(output, items),
        tokens: items.reduce((sum, each) => sum + each.tokens, 0),
        truncated: items.some((each) => each.total > each.tokens),
      };
    },
  };
}
