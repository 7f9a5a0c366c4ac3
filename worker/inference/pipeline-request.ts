// A request to a pipeline in place of the model's tensors, once its form is known.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { NonFinite } from '../protocol/non-finite.ts';
import type { Sent } from './sent.ts';

export interface PipelineRequest {
  readonly form: 'raw' | 'form' | 'json';
  readonly sent: Sent;
  /** The answer is a list with an entry for each of them, also where there is one. */
  readonly isBatch: boolean;
  readonly parameters: PipelineParameters;
}

/** The same as tensors of the Open Inference Protocol. */
export interface PipelineTensors {
  readonly form: 'tensors';
  readonly sent: Sent;
  /** Without the model's inputs and outputs: it names the pipeline's own. */
  readonly request: InferRequest;
  readonly parameters: PipelineParameters;
}

export interface PipelineBody {
  readonly body: Uint8Array;
  /** As it came. */
  readonly contentType: string | null;
  /** Inference-Header-Content-Length as it came. */
  readonly headerLength: string | null;
  /** How the answer writes NaN and infinities. */
  readonly nonFinite: NonFinite;
}

/** Media types that are no tensors: only a version with a pipeline takes them. */
export function isMedia(contentType: string | null): boolean {
  return /^\s*(image\/|multipart\/form-data)/i.test(contentType ?? '');
}

/** The refusal of a picture to a version that takes tensors only. */
export function noPipeline({ model, version }: Manifest, contentType: string): PopserveError {
  return new PopserveError(
    'UNSUPPORTED_MEDIA',
    `content type '${contentType.slice(0, 100)}' is not supported: ${model} ${version} was published without a pipeline that makes tensors of pictures; send application/json or application/octet-stream, or publish a version with --task`,
  );
}
