// The model configuration extension: a version's signature in Triton's terms (its model_config.proto), for clients that ask for it.
import type { ModelConfig } from '../../registry/api/metadata.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TensorSpec } from '../../registry/signature.ts';

/** `max_batch_size` 0: shapes are whole, none has a batch dimension that is left out. */
export function modelConfig({ model, version, signature, artifacts, runtime }: Manifest): ModelConfig {
  return {
    name: model,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: 0,
    version_policy: { specific: { versions: [version] } },
    input: signature.inputs.map(configTensor),
    output: signature.outputs.map(configTensor),
    default_model_filename: `model.${artifacts.model.format}`,
    parameters: {
      digest: { string_value: artifacts.model.digest },
      graph_optimization: { string_value: runtime.graphOptimization },
    },
  };
}

function configTensor({ name, datatype, shape }: TensorSpec): ModelConfig['input'][number] {
  return { name, data_type: datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`, dims: shape };
}
