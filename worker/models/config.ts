// The model configuration extension: a version's signature in the terms of Triton's model_config.proto, for clients that ask for
// it.
// @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
import type { ModelConfig } from '../../registry/api/metadata.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TensorSpec } from '../../registry/signature.ts';

/** `max_batch_size` is 0 because shapes are complete: none leaves out a batch dimension. */
export function modelConfig({ model, version, signature, artifacts, runtime, pipeline }: Manifest): ModelConfig {
  return {
    name: model,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: 0,
    version_policy: { specific: { versions: [version] } },
    input: [
      ...signature.inputs.map(configTensor),
      ...(signature.optionalInputs ?? []).map((spec) => ({ ...configTensor(spec), optional: true as const })),
    ],
    output: signature.outputs.map(configTensor),
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

function configTensor({ name, datatype, shape }: TensorSpec): ModelConfig['input'][number] {
  return { name, data_type: datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`, dims: shape };
}
