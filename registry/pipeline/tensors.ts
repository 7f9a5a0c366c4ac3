// A pipeline as tensors of the Open Inference Protocol: what goes in and what comes out for clients that know no other form.
import type { Signature, TensorSpec } from '../signature.ts';
import type { AfterStep, Pipeline } from './pipeline.ts';

/** `item` says which of the pictures or texts, from 0, a row is about. */
const item: TensorSpec = { name: 'item', datatype: 'INT64', shape: [-1] };

const outputs: Readonly<Record<AfterStep['step'], readonly TensorSpec[]>> = {
  classify: [
    { name: 'label', datatype: 'BYTES', shape: [-1, -1] },
    { name: 'score', datatype: 'FP32', shape: [-1, -1] },
  ],
  pool: [{ name: 'embedding', datatype: 'FP32', shape: [-1, -1] }],
  boxes: [
    item,
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
    { name: 'box', datatype: 'FP32', shape: [-1, 4] },
  ],
  ctc: [
    { name: 'text', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
  ],
  spans: [
    item,
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
    { name: 'word', datatype: 'BYTES', shape: [-1] },
    { name: 'start', datatype: 'INT64', shape: [-1] },
    { name: 'end', datatype: 'INT64', shape: [-1] },
  ],
};

/** The tensors in place of the model's own: an input of BYTES, which no model with a pipeline takes itself. */
export function pipelineSignature(pipeline: Pipeline): Signature {
  const input = 'image' in pipeline ? 'image' : 'text';
  return {
    inputs: [{ name: input, datatype: 'BYTES', shape: [-1] }],
    outputs: outputs[pipeline.after.step].map((spec) => ({ ...spec, shape: [...spec.shape] })),
  };
}
