// The model configuration extension: a version's signature in the terms of Triton's model_config.proto, as Triton's backend for
// onnxruntime completes the configuration of a model that has none. Clients that read it leave the batch dimension to it.
// @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
// @see https://github.com/triton-inference-server/onnxruntime_backend, AutoCompleteMaxBatch and AutoCompleteIO
import type { ModelConfig } from '../../registry/api/metadata.ts';
import { batchOf } from '../../registry/batch.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TensorSpec } from '../../registry/signature.ts';
import { largestBatch, type RequestLimits } from './largest-batch.ts';
import { pictureFormat } from './picture-format.ts';

type ConfigTensor = ModelConfig['output'][number];

export function modelConfig(manifest: Manifest, limits: RequestLimits): ModelConfig {
  const { model, version, signature, artifacts, runtime, pipeline } = manifest;
  const rows = largestBatch(manifest, limits);
  const inBatch = batchOf(signature).inputs;
  // As in Triton, dimensions are given without the batch where there is one: then an input that is not cut by it has none to give.
  const optional = (signature.optionalInputs ?? []).filter(({ name }) => rows === 0 || inBatch.has(name));
  const configInput = (spec: TensorSpec) => ({
    ...configTensor(spec, rows > 0),
    format: pictureFormat(spec, rows > 0, pipeline),
  });
  return {
    name: model,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: rows,
    version_policy: { specific: { versions: [version] } },
    input: [
      ...signature.inputs.map(configInput),
      ...optional.map((spec) => ({ ...configInput(spec), optional: true as const })),
    ],
    output: signature.outputs.map((spec) => configTensor(spec, rows > 0)),
    default_model_filename: `model.${artifacts.model.format}`,
    parameters: {
      digest: { string_value: artifacts.model.digest },
      graph_optimization: { string_value: runtime.graphOptimization },
      // A client shrinks pictures to what the steps need, and runs them itself where no PoP answers.
      ...(pipeline === undefined ? {} : { pipeline: { string_value: JSON.stringify(pipeline) } }),
      ...(artifacts.tokenizer === undefined ? {} : { tokenizer: { string_value: artifacts.tokenizer.digest } }),
    },
  };
}

/** A tensor without dimensions of its own has one of 1, as Triton's clients need one; such requests are taken: see column-vector.ts. */
function configTensor({ name, datatype, shape }: TensorSpec, isBatched: boolean): ConfigTensor {
  const dims = isBatched ? shape.slice(1) : shape;
  const type = datatype === 'BYTES' ? ('TYPE_STRING' as const) : (`TYPE_${datatype}` as const);
  if (dims.length > 0) return { name, data_type: type, dims: [...dims] };
  return { name, data_type: type, dims: [1], reshape: { shape: [] } };
}
