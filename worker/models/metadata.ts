// Models as clients of the Open Inference Protocol read them: the list, and the metadata of one.
// @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import type { ModelList, ModelMetadata } from '../../registry/api/metadata.ts';
import { recordsTaken } from '../../registry/batch.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import { pipelineSignature } from '../../registry/pipeline/tensors.ts';
import type { Isolate } from '../isolate.ts';
import type { Resolved } from '../routing/route-table.ts';
import { featureMetadata } from './features.ts';

/**
 * Reads a page of models, by name.
 * @param page.only null for all models
 * @param spend told how many operations of storage that has cost
 */
export async function modelList(
  { registry }: Isolate,
  page: { limit: number; after?: string | undefined; only: ReadonlySet<string> | null },
  spend: Spend,
): Promise<ModelList> {
  const { models, next } = await registry.listModels(page, spend);
  const listed = models.map(({ name, versions, route, damaged }) => ({
    ...{ name, versions, aliases: route?.aliases ?? {} },
    ...(damaged ? { damaged } : {}),
  }));
  return { models: listed, next };
}

/** @param allVersions whether to list every version: the request named the model and no version */
export async function modelMetadata(
  isolate: Isolate,
  { manifest, epoch, route }: Resolved,
  pop: string,
  allVersions: boolean,
): Promise<ModelMetadata> {
  const { model, version, artifacts, signature, metadata, labels, limits, random, runtime, pipeline } = manifest;
  const aliases = Object.entries(route?.aliases ?? {}).flatMap(([alias, named]) => (named === version ? [alias] : []));
  const { held } = isolate.routes.serving(model);
  const { sample } = isolate.config;
  const sampledRows = sample.models.get(model);
  const versions = allVersions ? [...(await isolate.registry.versionNames(model))] : [version];
  return {
    name: model,
    versions,
    platform: 'onnxruntime_onnx',
    inputs: [
      ...signature.inputs,
      ...(signature.optionalInputs ?? []).map((spec) => ({ ...spec, optional: true as const })),
    ],
    outputs: signature.outputs,
    ...(pipeline === undefined ? {} : { pipeline: { task: pipeline.task, ...pipelineSignature(pipeline) } }),
    features: featureMetadata(manifest),
    records: recordsTaken(signature),
    properties: {
      ...metadata,
      version,
      epoch: String(epoch),
      digest: artifacts.model.digest,
      aliases: aliases.join(','),
      pop,
      format: artifacts.model.format,
      onnxruntime: runtime.onnxruntime,
      ...(runtime.litert === undefined ? {} : { litert: runtime.litert.version }),
      ...stateOf(isolate, manifest),
      ...(limits
        ? { limits: JSON.stringify(limits.map(({ name, shape, elements }) => ({ name, shape, elements }))) }
        : {}),
      // There is a newer route, and it cannot take over here.
      ...(held ? { held_epoch: String(held.epoch), held_reason: held.reason } : {}),
      ...(labels ? { labels: JSON.stringify(labels) } : {}),
      ...(random ? { random: random.operators.join(',') || 'unknown' } : {}),
      // Clients can see that their inputs may be kept.
      ...(sampledRows === undefined
        ? {}
        : {
            input_sample: JSON.stringify({
              rows: sampledRows,
              window_seconds: sample.windowSeconds,
              kept_seconds: sample.keptSeconds,
            }),
          }),
    },
  };
}

/** Whether it is loaded here or in the Worker of the second engine, and how. */
function stateOf({ models, litert }: Isolate, manifest: Manifest): Record<string, string> {
  if (litert?.isReady(manifest)) return { state: 'READY', engine: 'litert' };
  const state = models.state(manifest);
  return {
    state: state?.state ?? 'UNLOADED',
    ...(state?.state === 'READY' ? { profile: state.profile } : {}),
    ...(state?.state === 'UNAVAILABLE' ? { reason: state.reason } : {}),
  };
}
