// Where a version with a pipeline takes pictures and texts themselves. TensorFlow Serving's form reaches the model's own tensors alone, and
// clients of its servers send files there, as {"b64": …}.
// @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/example/resnet_client.py
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { RunRequest } from '../protocol/infer-request.ts';
import type { InferenceCodec } from './codecs.ts';

/** @returns the codec; what it refuses of a version with a pipeline says where the pipeline is asked */
export function namePipelinePlace<R extends RunRequest>(
  codec: InferenceCodec<R>,
  { model, pipeline }: Manifest,
): InferenceCodec<R> {
  if (pipeline === undefined) return codec;
  const items = 'text' in pipeline ? 'texts' : 'pictures';
  const place = `this form takes the model's own tensors; ${items} go to POST /v2/models/${model}/infer as {"inputs": …}`;
  return {
    ...codec,
    decode: () => {
      try {
        return codec.decode();
      } catch (error) {
        const isHere = error instanceof PopserveError && error.code === 'INVALID_ARGUMENT';
        throw isHere ? invalid(`${error.message}; ${place}`, error) : error;
      }
    },
  };
}
