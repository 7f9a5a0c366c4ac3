// A request to begin with: what `popserve infer --example` prints. It is answered as it stands, and shows the names and the form of
// what a model takes.
import type { ModelMetadata } from '../../registry/api/metadata.ts';
import { recordsTaken } from '../../registry/batch.ts';
import { encodeBase64 } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, elementCount, isFloat, type TensorSpec } from '../../registry/signature.ts';
import { columnsOf, featuresOf } from '../../worker/protocol/record-model.ts';
import type { AskedModel } from './ask-model.ts';
import type { Context } from './context.ts';
import { readMetadata } from './model-metadata.ts';
import type { Report } from './report.ts';

/** The part of a manifest that an example is made of. */
type ExampleSource = Pick<Manifest, 'signature' | 'features' | 'warmup'>;
type Warmup = NonNullable<Manifest['warmup']>[number];
type Element = number | boolean | string;

export interface Example {
  readonly json: string;
  /** The answer has no JSON form: it has half floats. */
  readonly isBinaryAnswer: boolean;
}

/** What a request must have. */
interface Asked {
  readonly features: readonly Omit<ModelMetadata['features'][number], 'type'>[];
  /** How many records a request takes: -1 is any number, 0 none. */
  readonly records: number;
  /** Those that must be given. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Prints a request as JSON, which `popserve infer --input` and curl send as it is.
 * @throws {PopserveError} whatever the PoP says
 */
export async function printExample(context: Context, asked: AskedModel): Promise<Report> {
  const metadata = await readMetadata(context, asked);
  const { version } = metadata.properties;
  const manifest = version === undefined ? null : await manifestOrNull(context, asked.model, version);
  const text = await exampleOf(metadata, manifest);
  return { lines: [text], value: null, json: () => text };
}

/**
 * The same of a manifest alone.
 * @returns null for a version with a pipeline, which is asked with a file or a text, and for one that is known to run on nothing
 */
export function exampleRequest(manifest: Pick<Manifest, 'pipeline'> & ExampleSource): Example | null {
  const { pipeline, signature, warmup } = manifest;
  if (pipeline !== undefined || warmup === null) return null;
  const features = featuresOf(manifest).map(({ isOptional, ...feature }) => ({
    ...feature,
    shape: [...feature.shape],
    optional: isOptional,
  }));
  return exampleOfTensors({ ...signature, features, records: recordsTaken(signature) }, manifest);
}

/** @param manifest the inputs on which the version was tried are in it; null: the values are made up */
async function exampleOf(metadata: ModelMetadata, manifest: ExampleSource | null): Promise<string> {
  const { pipeline, inputs } = metadata;
  if (pipeline !== undefined) return JSON.stringify({ inputs: await exampleItem(pipeline.task) });
  return exampleOfTensors({ ...metadata, inputs: inputs.filter(({ optional }) => !optional) }, manifest).json;
}

/** Records where each feature is a single value; lists are shorter and clearer as tensors. */
function exampleOfTensors({ features, records, inputs, outputs }: Asked, source: ExampleSource | null): Example {
  const required = features.filter(({ optional }) => !optional);
  if (required.length === 0 || records === 0 || required.some(({ shape }) => shape.length > 0)) {
    return tensorsExample(inputs, outputs, source?.warmup ?? null);
  }
  const tried = source === null ? new Map<string, string>() : triedValues(source);
  const members = required.map((feature) => {
    const { name, datatype } = feature;
    return `${JSON.stringify(name)}:${tried.get(name) ?? elementText(typicalValue(feature), datatype)}`;
  });
  const all = new Array<string>(Math.max(records, 1)).fill(`{${members.join(',')}}`).join(',');
  return { json: `{"instances":[${all}]}`, isBinaryAnswer: false };
}

/** A key that may infer may not have the right to read manifests. */
async function manifestOrNull({ registry, connection }: Context, model: string, version: string) {
  if (connection.settings.token === null) return null;
  try {
    return await registry.getManifest(model, version);
  } catch (error) {
    if (error instanceof PopserveError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

/** What every version of such a task was tried on when it was published. */
async function exampleItem(task: string): Promise<string> {
  if (task === 'image-to-text') {
    const { generatedLines } = await import('../publish/pipeline/generated-lines.ts');
    return encodeBase64(generatedLines()[0] ?? new Uint8Array());
  }
  if (task === 'object-detection' || task.startsWith('image-')) {
    const { generatedPictures } = await import('../publish/pipeline/generated-pictures.ts');
    return encodeBase64(generatedPictures()[0] ?? new Uint8Array());
  }
  const { generatedTexts } = await import('../publish/pipeline/generated-texts.ts');
  return generatedTexts[0] ?? '';
}

/** The first record of the warm-up, each value as JSON by the name of its feature. */
function triedValues(manifest: ExampleSource): Map<string, string> {
  const tried = new Map<string, string>();
  for (const { spec, features } of columnsOf(manifest)) {
    const { data = [] } = manifest.warmup?.find(({ name }) => name === spec.name) ?? {};
    for (const [index, name] of (features ?? [spec.name]).entries()) {
      const value = data[index];
      if (value !== undefined) tried.set(name, elementText(value, spec.datatype));
    }
  }
  return tried;
}

/** A value of the reference data, if there are any. */
function typicalValue({ datatype, categories, range }: Asked['features'][number]): Element {
  const [category] = categories ?? [];
  if (datatype === 'BYTES') return category ?? '';
  if (datatype === 'BOOL') return category === 'true';
  const middle = range === undefined ? 0 : Number(((range[0] + range[1]) / 2).toPrecision(4));
  const value = category === undefined ? middle : Number(category);
  return isFloat(datatype) ? value : Math.round(value);
}

function tensorsExample(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  warmup: readonly Warmup[] | null,
): Example {
  const known =
    warmup ?? inputs.map(({ name, shape }): Warmup => ({ name, shape: shape.map((size) => Math.max(size, 1)) }));
  const tensors = known.map(({ name, shape, data }) => {
    const datatype = inputs.find((input) => input.name === name)?.datatype ?? 'FP32';
    const head = JSON.stringify({ name, shape, datatype }).slice(0, -1);
    const values = data ?? new Array<Element>(elementCount(shape)).fill(zeroOf(datatype));
    return `${head},"data":[${values.map((value) => elementText(value, datatype)).join(',')}]}`;
  });
  const isBinaryAnswer = outputs.some(({ datatype }) => datatype === 'FP16' || datatype === 'BF16');
  const parameters = isBinaryAnswer ? ',"parameters":{"binary_data_output":true}' : '';
  return { json: `{"inputs":[${tensors.join(',')}]${parameters}}`, isBinaryAnswer };
}

function zeroOf(datatype: Datatype): Element {
  return datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
}

/** As JSON: manifests spell 64-bit integers beyond 2^53 as strings, the protocol as digits. */
function elementText(value: Element, datatype: Datatype): string {
  const wide = (datatype === 'INT64' || datatype === 'UINT64') && typeof value === 'string' && /^-?\d+$/.test(value);
  return wide ? value : JSON.stringify(value);
}
