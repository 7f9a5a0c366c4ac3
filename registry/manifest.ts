// The manifest: the immutable JSON that describes one version of a model. Written by `popserve publish`, read by the Worker.
// It holds nothing that differs between two runs of the same release (no times, no hosts), so that a retry is idempotent.
import * as z from 'zod';
import { baselineSchema } from './baseline.ts';
import { longText, mostAxes, mostEntries, mostRemarks, mostSize, mostTensors, nameText, plainText } from './bounds.ts';
import { canonicalJson } from './canonical-json.ts';
import { sha256Digest } from './digests.ts';
import { evaluationSchema } from './evaluation.ts';
import { inputLimitSchema } from './input-size-limits.ts';
import { type Digest, digestSchema, modelNameSchema, versionSchema } from './names.ts';
import { outputRoleSchema } from './output-role.ts';
import { parse, parseJson } from './parse.ts';
import { pipelineSchema } from './pipeline/pipeline.ts';
import { randomnessSchema } from './randomness.ts';
import { runCostsSchema } from './run-costs.ts';
import { signatureSchema } from './signature.ts';
import { zeroSizesSchema } from './zero-sizes.ts';

/** How the runtime keeps a model: `fast` prepacks the weights (time for memory), `lean` uses the model's bytes as they are. */
export const profileNames = ['fast', 'lean'] as const;
export type ProfileName = (typeof profileNames)[number];

const artifactSchema = z.strictObject({
  digest: digestSchema,
  bytes: z.int().min(1),
});

const modelArtifactSchema = artifactSchema.extend({
  /** `ort`: ORT's own flatbuffer format, which can be run in place; `onnx`: where conversion was not possible. */
  format: z.enum(['ort', 'onnx']),
});

const profileSchema = z.strictObject({
  /** Bytes that the load and a run add to a heap at their peak. A profile that was not measured is not offered. */
  heapBytes: z.int().min(0),
  createMs: z.number().min(0),
  /** Mean of warm runs on the sample input, on the publisher's machine; 0 if no sample input is known to run. */
  runMs: z.number().min(0),
});

/**
 * How LiteRT (TensorFlow Lite) runs the converted model. It takes requests that give exactly these inputs, each in exactly this shape;
 * onnxruntime takes all others. Datatypes are FP32, names are those of the signature.
 */
const litertSchema = z.strictObject({
  /** Version of @litertjs/core that the numbers below were measured with. */
  version: nameText,
  inputs: z
    .array(z.strictObject({ name: nameText, shape: z.array(z.int().min(1).max(mostSize)).max(mostAxes) }))
    .min(1)
    .max(mostTensors),
  profile: profileSchema,
  /**
   * Quantised models: by how much an output may differ from native onnxruntime's, where that is more than the version's own absolute
   * tolerance: two steps of the last integers before it.
   */
  tolerance: z.record(nameText, z.number().positive()).optional(),
  /** Processor time of a warm run in onnxruntime's best profile over that in LiteRT: the median of pairs. */
  timesFaster: z.number().positive(),
  /** `measured`: it was fast enough; `by-hand`: the publisher asked for it, whatever was measured. */
  chosen: z.enum(['measured', 'by-hand']),
});

/** A sample input that the model is known to accept; without `data` its elements are zero (BYTES: empty). */
const warmupInputSchema = z.strictObject({
  name: nameText,
  shape: z.array(z.int().min(0)).max(mostAxes),
  /** Flat, row-major, as OIP JSON: numbers, booleans, strings; 64-bit integers beyond 2^53 as decimal strings. */
  data: z
    .array(z.union([z.number(), z.boolean(), z.string()]))
    .max(mostEntries)
    .optional(),
});

const manifestMembers = z.strictObject({
  schema: z.literal(1),
  model: modelNameSchema,
  version: versionSchema,
  artifacts: z.strictObject({
    model: modelArtifactSchema,
    /**
     * Golden vectors: JSON `{cases: [{inputs, outputs}]}` with OIP tensors, outputs from the original in native onnxruntime, or from
     * the WASM runtime where the two differ beyond the tolerance. Large inputs are described by a seed (`values`), and large outputs
     * keep some elements (`at`).
     */
    golden: artifactSchema.optional(),
    /** What makes numbers of texts, for a pipeline that takes them; the Worker loads it beside the model. */
    tokenizer: artifactSchema.optional(),
    /** The model converted to TensorFlow Lite, for the inputs of `runtime.litert`: there exactly when that is. */
    tflite: artifactSchema.optional(),
  }),
  signature: signatureSchema,
  runtime: z.strictObject({
    /** Version of onnxruntime that the numbers below were measured with. */
    onnxruntime: nameText,
    /** ORT's graph optimisation level at load; `disabled` only for models that the runtime refuses at every other level. */
    graphOptimization: z.enum(['disabled', 'basic', 'extended', 'all']),
    profiles: z.strictObject({ fast: profileSchema.optional(), lean: profileSchema.optional() }),
    /** Without it, every request is for onnxruntime. */
    litert: litertSchema.optional(),
    /** Why LiteRT does not run the model although it was considered: an operator that is not covered, or too little gained. */
    litertRefused: plainText.optional(),
  }),
  /** `null`: no sample input is known to run, so the first request is the warm-up. */
  warmup: z.array(warmupInputSchema).max(mostTensors).nullable(),
  /** Allowed difference from native onnxruntime: |a - b| <= absolute + relative * |b|. */
  tolerance: z.strictObject({ absolute: z.number().min(0), relative: z.number().min(0) }),
  /** The file that was published, before its conversion. */
  source: z.strictObject({ file: nameText, digest: digestSchema, bytes: z.int().min(0) }),
  /** The role of each output, as far as the model's graph shows it. */
  roles: z.array(outputRoleSchema).max(mostTensors).optional(),
  /** Class labels of a classifier's output, in order of its last axis: given, of a ZipMap that was stripped, or of the graph. */
  labels: z.record(nameText, z.array(z.union([nameText, z.int()])).max(mostEntries)).optional(),
  /** Names of the features in plain records, in the order of the inputs: features.ts says which input has which. */
  features: z.array(nameText.min(1)).min(1).max(mostEntries).optional(),
  /** How inputs and outputs were distributed over reference data. Drift is measured against it. */
  baseline: baselineSchema.optional(),
  /** How large the inputs with variable dimensions may be. Without it only the Worker's own limits hold. */
  limits: z.array(inputLimitSchema).max(mostTensors).optional(),
  /** Which inputs may be without elements: only those on which publishing has tried the model. */
  zeroSizes: zeroSizesSchema.optional(),
  /** A model that gives other answers to the same question. */
  random: randomnessSchema.optional(),
  /** The steps between pictures and the model's tensors, for callers who send them as they are. */
  pipeline: pipelineSchema.optional(),
  /** The runs that these limits were derived from. */
  costs: runCostsSchema.optional(),
  /** The scores of the version on test data before it was published, and the requirements it had to meet. */
  evaluation: evaluationSchema.optional(),
  /** Free text for people: description, metrics, training data, authors. */
  metadata: z.record(nameText, longText).optional(),
  /** Changes and findings of publishing, one sentence each. */
  notes: z.array(plainText).max(mostRemarks).optional(),
});

export const manifestSchema = manifestMembers.superRefine(({ artifacts, runtime }, context) => {
  const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (artifacts.tflite !== undefined && runtime.litert === undefined) {
    fault(['artifacts', 'tflite'], 'expected runtime.litert beside it');
  }
  if (artifacts.tflite === undefined && runtime.litert !== undefined) {
    fault(['runtime', 'litert'], 'expected artifacts.tflite beside it');
  }
  if (runtime.litert !== undefined && runtime.litertRefused !== undefined) {
    fault(['runtime', 'litertRefused'], 'expected runtime.litert or this, got both');
  }
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The text of a manifest as it is stored: canonical JSON. */
export function manifestText(manifest: Manifest): string {
  return canonicalJson(manifest);
}

/**
 * Turns a stored manifest back into a typed value. It was checked when it was stored, so a fault here is damage, not bad input.
 * @throws {PopserveError} INTERNAL when the stored text is not a manifest
 */
export function readManifest(text: string, model: string, version: string): Manifest {
  const what = `stored manifest of ${model} version ${version}`;
  return parse(manifestSchema, parseJson(text, what, 'INTERNAL'), what, 'INTERNAL');
}

/** SHA-256 of the manifest's canonical JSON, which is the same for the same content in any order. */
export function manifestDigest(manifest: Manifest): Promise<Digest> {
  return sha256Digest(manifestText(manifest));
}

/** @returns the allowed difference of an output from native onnxruntime's, whichever engine answers */
export function outputTolerance(
  tolerance: Manifest['tolerance'],
  litert: Pick<NonNullable<Manifest['runtime']['litert']>, 'tolerance'> | undefined,
  output: string,
): Manifest['tolerance'] {
  const stepped = litert?.tolerance;
  const allowed = stepped !== undefined && Object.hasOwn(stepped, output) ? (stepped[output] ?? 0) : 0;
  return { ...tolerance, absolute: Math.max(tolerance.absolute, allowed) };
}

/** The blobs that a manifest names, each once. */
export function manifestBlobs({ artifacts }: Manifest): Digest[] {
  const { model, golden, tokenizer, tflite } = artifacts;
  const named = [model, golden, tokenizer, tflite].filter((artifact) => artifact !== undefined);
  return [...new Set(named.map((artifact) => artifact.digest as Digest))];
}
