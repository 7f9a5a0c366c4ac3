// The steps from texts to a model's inputs, by the files of a folder: each with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { TextInput, TextStep } from '../../../registry/pipeline/text-input.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import { readTokenizer } from '../../../worker/pipeline/text/tokenizer.ts';
import type { PipelineOptions, TextTask } from './options.ts';
import { type TokenizerArtifact, tokenizerArtifact } from './tokenizer.ts';

export interface PlannedText {
  readonly task: TextTask;
  readonly text: TextInput;
  readonly tokenizer: TokenizerArtifact;
  /** A line for each step: what it does, where it comes from. */
  readonly rows: readonly (readonly [step: string, from: string])[];
}

/** The inputs that are filled, by the names that exporters give them. */
const ids = ['input_ids'];
const masks = ['attention_mask', 'input_mask'];
const types = ['token_type_ids', 'segment_ids'];

/** @throws {PopserveError} INVALID_ARGUMENT naming what the folder lacks, or what of it is not supported */
export function planText(options: PipelineOptions, task: TextTask, signature: Signature): PlannedText {
  const files = options.folder?.text;
  if (files === null || files === undefined) {
    throw invalid(
      `${task} needs a folder with tokenizer.json and tokenizer_config.json beside the model, as the Hugging Face Hub has it`,
    );
  }
  const { inputs, specs } = inputsOf(signature);
  const tokenizer = tokenizerArtifact(files.tokenizer, files.tokenizerConfig, files.specialTokensMap);
  const fixed = fixedLength(specs);
  const [length, lengthFrom] = lengthOf(options, tokenizer, fixed);
  const [pad, padFrom] = padOf(tokenizer, fixed, inputs.mask !== undefined);
  const prompt = task === 'feature-extraction' ? promptOf(options) : null;
  const [first] = specs;
  const datatype = first?.datatype === 'INT32' ? 'INT32' : 'INT64';
  const steps: (readonly [TextStep, string])[] = [
    ...(prompt === null ? [] : [[prompt, 'config_sentence_transformers.json: prompts'] as const]),
    [{ step: 'tokenise', specialTokens: true }, 'tokenizer.json'],
    [{ step: 'truncate', length }, lengthFrom],
    [pad, padFrom],
    [{ step: 'layout', datatype }, specs.map(({ name, shape }) => `input '${name}' ${datatype} [${shape}]`).join(', ')],
  ];
  return {
    task,
    text: { inputs, steps: steps.map(([step]) => step) },
    tokenizer,
    rows: steps.map(([step, from]) => [describeTextStep(step, tokenizer), from]),
  };
}

function inputsOf({ inputs: all }: Signature): { inputs: TextInput['inputs']; specs: readonly TensorSpec[] } {
  const known = [...ids, ...masks, ...types];
  const odd = all.find(({ name }) => !known.includes(name));
  if (odd !== undefined) {
    const hint = odd.name === 'position_ids' ? '; export the model so that it makes them itself' : '';
    throw invalid(
      `input '${odd.name}' is not supported for texts: expected ${ids[0]}, ${masks[0]} and ${types[0]}${hint}`,
    );
  }
  const named = (names: readonly string[]) => all.find(({ name }) => names.includes(name))?.name;
  const [idsName, mask, type] = [named(ids), named(masks), named(types)];
  if (idsName === undefined) throw invalid(`a text goes into an input '${ids[0]}', which the model does not have`);
  const unfit = all.find(({ datatype, shape }) => shape.length !== 2 || (datatype !== 'INT64' && datatype !== 'INT32'));
  if (unfit !== undefined) {
    throw invalid(
      `input '${unfit.name}' takes no tokens: expected INT64 or INT32 of [texts, tokens], it is ${unfit.datatype} [${unfit.shape}]`,
    );
  }
  const mixed = all.find(({ datatype }) => datatype !== all[0]?.datatype);
  if (mixed !== undefined) {
    throw invalid(`inputs '${idsName}' and '${mixed.name}' are of different datatypes, which is not supported`);
  }
  const inputs = {
    ids: idsName,
    ...(mask === undefined ? {} : { mask }),
    ...(type === undefined ? {} : { types: type }),
  };
  return { inputs, specs: all };
}

/** The number of tokens that the model insists on; null where it varies. */
function fixedLength(specs: readonly TensorSpec[]): number | null {
  const length = specs.find(({ shape }) => (shape[1] ?? -1) !== -1)?.shape[1];
  return length ?? null;
}

/** Positions that RoBERTa's models keep for the padding. */
const keptPositions = 2;

function lengthOf(
  { folder, text }: PipelineOptions,
  tokenizer: TokenizerArtifact,
  fixed: number | null,
): readonly [number, string] {
  const { max_position_embeddings: positions, model_type: type = '' } = folder?.config ?? {};
  const usable =
    positions === undefined
      ? undefined
      : /roberta|camembert|longformer|mpnet/.test(type)
        ? positions - keptPositions
        : positions;
  const found: (readonly [number | null | undefined, string])[] = [
    [text.maxTokens, '--max-tokens'],
    [fixed, "the model's inputs"],
    [folder?.sentence?.maxLength, 'sentence_bert_config.json: max_seq_length'],
    [tokenizer.maxLength, 'tokenizer_config.json: model_max_length'],
    [usable, 'config.json: max_position_embeddings'],
  ];
  const said = found.flatMap(([length, from]) => (length ? [[length, from] as const] : []));
  const [least] = said.toSorted(([a], [b]) => a - b);
  if (least !== undefined) return least;
  throw invalid(
    'nothing says how many tokens the model takes: give --max-tokens, or max_position_embeddings in config.json',
  );
}

function padOf(
  { bytes }: TokenizerArtifact,
  fixed: number | null,
  hasMask: boolean,
): readonly [Extract<TextStep, { step: 'pad' }>, string] {
  const { pad } = readTokenizer(bytes);
  if (pad === null && !hasMask) {
    throw invalid(
      'the tokenizer has no pad_token and the model no attention_mask: texts of different lengths cannot stand in one batch; set pad_token in tokenizer_config.json',
    );
  }
  if (pad !== null && pad.typeId !== 0) {
    throw invalid(`tokenizer_config.json: pad_token_type_id ${pad.typeId} is not supported, expected 0`);
  }
  const { id, side, from } =
    pad === null
      ? { id: 0, side: 'right' as const, from: 'no pad_token: the mask leaves fillings out' }
      : { ...pad, from: 'tokenizer_config.json: pad_token, padding_side' };
  if (fixed !== null) return [{ step: 'pad', to: 'length', length: fixed, side, id }, `the model's inputs, ${from}`];
  return [{ step: 'pad', to: 'batch', side, id }, from];
}

function promptOf({ folder }: PipelineOptions): Extract<TextStep, { step: 'prompt' }> | null {
  const { prompts, default_prompt_name: standard } = folder?.sentence?.prompts ?? {};
  const texts = Object.fromEntries(Object.entries(prompts ?? {}).filter(([name]) => name !== ''));
  const isSaid = Object.values(texts).some((text) => text !== '');
  if (!isSaid) return null;
  if (standard == null) return { step: 'prompt', texts };
  if (Object.hasOwn(texts, standard)) return { step: 'prompt', texts, standard };
  throw invalid(`config_sentence_transformers.json: default_prompt_name '${standard}' is none of its prompts`);
}

function describeTextStep(step: TextStep, { describe }: TokenizerArtifact): string {
  switch (step.step) {
    case 'prompt':
      return `prompts ${Object.keys(step.texts).join(', ')}${step.standard === undefined ? '' : `; '${step.standard}' unless another is asked for`}`;
    case 'tokenise':
      return `tokenise by ${describe}`;
    case 'truncate':
      return `at most ${step.length} tokens`;
    case 'pad':
      return step.to === 'length'
        ? `filled up to ${step.length} at the ${step.side}`
        : `filled up to the longest of a batch at the ${step.side}`;
    case 'layout':
      return step.datatype;
  }
}
