// The step `pool` of an embedding model, by the files of sentence-transformers or the command line; each part with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { Pool } from '../../../registry/pipeline/pool.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import type { PipelineOptions } from './options.ts';

/** Outputs of exporters that have pooled already, and those of one vector for each token. */
const pooledNames = ['sentence_embedding', 'text_embeds', 'image_embeds', 'pooler_output'];
const tokenNames = ['last_hidden_state', 'token_embeddings', 'hidden_states'];

const known: Readonly<Record<string, Pool['how']>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_max_tokens: 'max',
  pooling_mode_lasttoken: 'last',
  cls: 'cls',
  mean: 'mean',
  max: 'max',
  lasttoken: 'last',
};

/** @throws {PopserveError} INVALID_ARGUMENT for modules and poolings that are not supported, by their names, and where nothing says which */
export function completePool(
  options: PipelineOptions,
  signature: Signature,
): { after: Pool; rows: (readonly [step: string, from: string])[] } {
  const { folder, text } = options;
  const output = outputOf(signature, text.pooling);
  const isPooled = output.shape.length === 2;
  const [how, from] = howOf(options, output, isPooled);
  const isNormalised = folder?.sentence?.modules.includes('Normalize') ?? false;
  const normalise = text.normalise ?? isNormalised;
  const normaliseFrom =
    text.normalise !== undefined ? '--normalise' : isNormalised ? 'modules.json: Normalize' : 'nothing asks for it';
  const width = output.shape.length === 4 ? (output.shape[1] ?? -1) : (output.shape.at(-1) ?? -1);
  requireWidth(options, width, output);
  const [dimensions, dimensionsFrom] = dimensionsOf(options, width);
  return {
    after: {
      ...{ step: 'pool', output: output.name, how, normalise },
      ...(dimensions === null ? {} : { dimensions: [...dimensions] }),
    },
    rows: [
      [how === 'none' ? `vectors of output '${output.name}' as they are` : `${how} of output '${output.name}'`, from],
      [normalise ? 'of the length 1' : 'of any length', normaliseFrom],
      ...(dimensions === null ? [] : [[`on request cut to ${dimensions.join(', ')}`, dimensionsFrom] as const]),
    ],
  };
}

function outputOf({ outputs }: Signature, pooling: Pool['how'] | undefined): TensorSpec {
  const fitting = outputs.filter(
    ({ datatype, shape }) => /^(FP|BF)/.test(datatype) && shape.length >= 2 && shape.length <= 4,
  );
  const named = (names: readonly string[]) =>
    names.flatMap((name) => fitting.filter((output) => output.name === name))[0];
  const wanted = pooling === undefined || pooling === 'none' ? [...pooledNames, ...tokenNames] : tokenNames;
  const found = named(wanted) ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (found !== undefined) return found;
  throw invalid(
    `expected an output ${[...pooledNames, ...tokenNames].join(', ')}, or a single one, the model has ${outputs.map(({ name, shape }) => `'${name}' [${shape}]`).join(', ')}`,
  );
}

function howOf(
  { folder, text }: PipelineOptions,
  output: TensorSpec,
  isPooled: boolean,
): readonly [Pool['how'], string] {
  if (isPooled) {
    if (text.pooling === undefined || text.pooling === 'none')
      return ['none', `output '${output.name}' [${output.shape}]`];
    throw invalid(
      `--pooling ${text.pooling}: output '${output.name}' [${output.shape}] has one vector for each text already`,
    );
  }
  if (text.pooling === 'none') {
    throw invalid(`--pooling none: output '${output.name}' [${output.shape}] has several vectors for each`);
  }
  if (text.pooling !== undefined) return [text.pooling, '--pooling'];
  const { sentence } = folder ?? {};
  if (sentence === null || sentence === undefined) {
    throw invalid(
      `nothing says how the vectors of output '${output.name}' [${output.shape}] become one: give --pooling mean, cls, max or last, or modules.json and 1_Pooling/config.json`,
    );
  }
  const odd = sentence.modules.find((module) => !['Transformer', 'Pooling', 'Normalize'].includes(module));
  if (odd !== undefined) {
    throw invalid(
      `modules.json: ${odd} is not supported, expected Transformer, Pooling and Normalize; export the model with it inside, so that it has an output 'sentence_embedding'`,
    );
  }
  return poolingOf(sentence.pooling);
}

function poolingOf(
  pooling: NonNullable<NonNullable<PipelineOptions['folder']>['sentence']>['pooling'],
): readonly [Pool['how'], string] {
  if (pooling === null) throw invalid('modules.json: expected a Pooling, it has none; say which with --pooling');
  const { file, config } = pooling;
  const modes = Object.entries(config).flatMap(([name, value]) =>
    name.startsWith('pooling_mode_') && value === true ? [name] : [],
  );
  const said = config.pooling_mode === undefined ? modes : config.pooling_mode.split('+');
  const [mode, ...others] = said;
  const how = mode === undefined ? undefined : known[mode];
  if (mode === undefined || how === undefined || others.length > 0) {
    throw invalid(
      `${file}: pooling ${said.join(' with ') || '(none)'} is not supported, expected one of mean, cls, max and lasttoken`,
    );
  }
  if (config.include_prompt === false) {
    throw invalid(`${file}: include_prompt false is not supported: the prompt's tokens are pooled like others`);
  }
  return [how, `${file}: ${mode}`];
}

function requireWidth({ folder }: PipelineOptions, width: number, { name, shape }: TensorSpec): void {
  const pooling = folder?.sentence?.pooling;
  const said = pooling?.config.word_embedding_dimension;
  if (said === undefined || width === -1 || said === width) return;
  throw invalid(
    `${pooling?.file}: word_embedding_dimension is ${said}, output '${name}' [${shape}] has vectors of ${width}`,
  );
}

function dimensionsOf({ folder, text }: PipelineOptions, width: number): readonly [readonly number[] | null, string] {
  const [said, from] =
    text.dimensions !== undefined
      ? [text.dimensions, '--dimensions']
      : [folder?.config?.matryoshka_dimensions ?? undefined, 'config.json: matryoshka_dimensions'];
  if (said === undefined || said.length === 0) return [null, ''];
  const odd = said.find((size) => width !== -1 && size > width);
  if (odd !== undefined) throw invalid(`${from}: expected at most ${width}, the length of a vector, got ${odd}`);
  return [[...new Set(said)].sort((a, b) => a - b), from];
}
