// Faults of a manifest that its schema cannot find: names that do not fit together, sizes that no PoP takes, blobs that are missing or
// have another size. Each check looks at every entry once: a manifest may have tens of thousands of them.
import type { BlobStore } from './blob-store.ts';
import { describeTensor } from './describe.ts';
import { columnNames, fitInputs } from './features.ts';
import { limitFaults } from './input-size-limits.ts';
import type { Manifest } from './manifest.ts';
import type { Digest } from './names.ts';
import { outputsRead, type Pipeline } from './pipeline/pipeline.ts';
import { isPrototypeName, prototypeRefusal } from './prototype-names.ts';
import type { Signature } from './signature.ts';
import { warmupFaults } from './warmup-size.ts';

/** A message shows at most this many names of a list. */
const mostShown = 16;

/** @returns a sentence for each name or size that is used twice, refers to nothing or contradicts another; empty if all fit */
export function nameFaults(manifest: Manifest): string[] {
  const { signature, features, warmup, labels, limits, baseline, pipeline, runtime } = manifest;
  const inputs = signature.inputs.map(({ name }) => name);
  const optional = (signature.optionalInputs ?? []).map(({ name }) => name);
  const outputs = signature.outputs.map(({ name }) => name);
  const [isInput, isOutput] = [new Set(inputs), new Set(outputs)];
  return [
    ...repeated([...inputs, ...optional]).map((name) => `signature.inputs: '${name}' is there twice`),
    ...repeated(outputs).map((name) => `signature.outputs: '${name}' is there twice`),
    ...batchFaults(signature),
    ...(warmup ?? [])
      .filter(({ name }) => !isInput.has(name))
      .map(({ name }) => `warmup: expected an input of the signature, got '${name}'`),
    ...warmupFaults(signature, warmup ?? []),
    ...Object.keys(labels ?? {})
      .filter((name) => !isOutput.has(name))
      .map((name) => `labels: expected an output of the signature, got '${name}'`),
    ...signature.outputs.flatMap(({ name, shape }) => {
      const classes = shape.at(-1) ?? -1;
      const given = labels && Object.hasOwn(labels, name) ? labels[name]?.length : undefined;
      if (given === undefined || classes === -1 || given === classes) return [];
      return [`labels: expected ${classes} for output '${name}', got ${given}`];
    }),
    ...(features ? featureFaults(features, signature) : []),
    ...(baseline?.inputs ?? [])
      .filter(({ tensor }) => !isInput.has(tensor))
      .map(({ tensor }) => `baseline.inputs: expected an input of the signature, got '${tensor}'`),
    ...(baseline?.outputs ?? [])
      .filter(({ tensor }) => !isOutput.has(tensor))
      .map(({ tensor }) => `baseline.outputs: expected an output of the signature, got '${tensor}'`),
    ...limitFaults(limits ?? [], signature, warmup ?? []),
    ...(pipeline === undefined ? [] : pipelineFaults(pipeline, isInput, isOutput)),
    ...(runtime.litert === undefined ? [] : litertFaults(runtime.litert, signature)),
  ];
}

/** LiteRT takes every input that a request must give, and no other. */
function litertFaults(
  { inputs, tolerance }: NonNullable<Manifest['runtime']['litert']>,
  signature: Signature,
): string[] {
  const what = 'runtime.litert.inputs';
  const taken = new Map(inputs.map(({ name, shape }) => [name, shape]));
  const known = new Set(signature.inputs.map(({ name }) => name));
  const outputs = new Set(signature.outputs.map(({ name }) => name));
  return [
    ...Object.keys(tolerance ?? {})
      .filter((name) => !outputs.has(name))
      .map((name) => `runtime.litert.tolerance: expected an output of the signature, got '${name}'`),
    ...repeated(inputs.map(({ name }) => name)).map((name) => `${what}: '${name}' is there twice`),
    ...[...taken.keys()]
      .filter((name) => !known.has(name))
      .map((name) => `${what}: expected an input of the signature, got '${name}'`),
    ...signature.inputs.flatMap((spec) => {
      const shape = taken.get(spec.name);
      if (shape === undefined) return [`${what}: expected '${spec.name}' among them, as every request gives it`];
      if (spec.datatype !== 'FP32') return [`${what}: '${spec.name}' is ${spec.datatype}, expected FP32`];
      const fits =
        spec.shape.length === shape.length && spec.shape.every((size, axis) => size === -1 || size === shape[axis]);
      return fits
        ? []
        : [`${what}: '${spec.name}' is [${spec.shape.join(',')}] in the signature, got [${shape.join(',')}]`];
    }),
  ];
}

function pipelineFaults(pipeline: Pipeline, isInput: ReadonlySet<string>, isOutput: ReadonlySet<string>): string[] {
  const [way, inputs] =
    'image' in pipeline ? ['image', [pipeline.image.input]] : ['text', Object.values(pipeline.text.inputs)];
  return [
    ...inputs
      .filter((name) => !isInput.has(name))
      .map((name) => `pipeline.${way}: expected an input of the signature, got '${name}'`),
    ...outputsRead(pipeline.after)
      .filter((name) => !isOutput.has(name))
      .map((name) => `pipeline.after: expected an output of the signature, got '${name}'`),
  ];
}

/** A tensor without an axis 0, or with one of another size, counts no records. */
function batchFaults({ batch, inputs, outputs }: Signature): string[] {
  if (batch === undefined) return [];
  const faults = (kind: 'input' | 'output', names: readonly string[], specs: Signature['inputs']) => [
    ...repeated(names).map((name) => `signature.batch: ${kind} '${name}' is there twice`),
    ...names.flatMap((name) => {
      const spec = specs.find((candidate) => candidate.name === name);
      if (spec === undefined) return [`signature.batch: expected an ${kind} of the signature, got '${name}'`];
      const [first] = spec.shape;
      if (first === -1 || (first !== undefined && first === batch.size)) return [];
      const shape = `[${spec.shape.join(',')}]`;
      return [`signature.batch: ${kind} '${name}' ${shape} has no axis of ${batch.size} records`];
    }),
  ];
  return [...faults('input', batch.inputs, inputs), ...faults('output', batch.outputs, outputs)];
}

function featureFaults(features: readonly string[], { inputs }: Signature): string[] {
  const names = inputs.map(({ name }) => name);
  const columns = [...columnNames({ inputs }, features).values()].flat();
  const isInput = new Set(inputs.length > 1 ? names : []);
  const faults = [
    ...repeated(features).map((name) => `features: '${name}' is there twice`),
    // A record has its features as members.
    ...features.filter(isPrototypeName).map((name) => `features: '${name}' ${prototypeRefusal}`),
    // A record gives that input by this name.
    ...columns.filter((name) => isInput.has(name)).map((name) => `features: '${name}' is the name of an input`),
  ];
  if (fitInputs(inputs, features)) return faults;
  const [only, ...others] = inputs;
  if (only !== undefined && others.length === 0) {
    const expected = `one for each column of input '${only.name}' [${only.shape.join(',')}]`;
    return [...faults, `features: expected ${expected}, got ${features.length}`];
  }
  const tensors = listed(inputs.map((spec) => `'${spec.name}' ${describeTensor(spec)}`));
  const expected = `for each input in its order its name, or one for each of its columns, ${tensors}`;
  return [...faults, `features: expected ${expected}, got ${listed(features)}`];
}

/** @returns a sentence for each artifact whose blob is missing or has another size; empty if all are there */
export async function blobFaults({ artifacts }: Manifest, blobs: BlobStore): Promise<string[]> {
  const faults = await Promise.all(
    Object.entries(artifacts).map(async ([role, artifact]) => {
      if (artifact === undefined) return null;
      const { digest, bytes } = artifact;
      const blob = await blobs.head(digest as Digest);
      if (blob === null) return `artifacts.${role}: blob ${digest} is not in the registry`;
      if (blob.bytes === bytes) return null;
      return `artifacts.${role}: expected a blob of ${bytes} bytes, ${digest} has ${blob.bytes}`;
    }),
  );
  return faults.filter((fault) => fault !== null);
}

/** The names that are there more than once, each once, in the order of their second place. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return [...new Set(names.filter((name) => seen.size === seen.add(name).size))];
}

function listed(names: readonly string[]): string {
  const more = names.length > mostShown ? ` and ${names.length - mostShown} more` : '';
  return names.slice(0, mostShown).join(', ') + more;
}
