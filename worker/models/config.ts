// The model configuration extension: a version's signature in Triton's terms (its model_config.proto), for clients that ask for it.
import type { Manifest } from '../../registry/manifest.ts';
import type { TensorSpec } from '../../registry/signature.ts';

interface ModelConfig {
  name: string;
  platform: string;
  backend: string;
  max_batch_size: number;
  version_policy: { specific: { versions: string[] } };
  input: ConfigTensor[];
  output: ConfigTensor[];
  default_model_filename: string;
  parameters: Record<string, { string_value: string }>;
}

interface ConfigTensor {
  name: string;
  data_type: string;
  dims: number[];
}

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

function configTensor({ name, datatype, shape }: TensorSpec): ConfigTensor {
  return { name, data_type: datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`, dims: shape };
}
