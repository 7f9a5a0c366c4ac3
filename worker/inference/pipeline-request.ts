// What a caller of a pipeline sends: pictures as they are, in a form, or as base64 in JSON. Tensors stay possible beside it.
import {
  type PipelineParameters,
  parametersBesideInputs,
  pipelineParametersSchema,
} from '../../registry/api/pipeline-request.ts';
import { decodeBase64 } from '../../registry/bytes.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { parse } from '../../registry/parse.ts';
import { describeValue } from '../protocol/describe.ts';
import type { DecodeLimits } from '../protocol/infer-request.ts';
import { parseJson, requestLimits } from '../protocol/json.ts';
import type { Account } from '../runtime/ledger.ts';

export interface PipelineRequest {
  readonly files: readonly Uint8Array[];
  /** The answer is a list with an entry for each file, also where there is one file. */
  readonly isBatch: boolean;
  readonly parameters: PipelineParameters;
}

export interface PipelineBody {
  readonly body: Uint8Array;
  /** As it came. */
  readonly contentType: string | null;
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

/**
 * @returns null for a request of tensors or records
 * @throws {PopserveError} INVALID_ARGUMENT for a form or JSON that cannot be understood; UNAVAILABLE where it does not fit into memory
 */
export async function readPipelineRequest(
  { body, contentType }: PipelineBody,
  limits: DecodeLimits,
  account: Account,
): Promise<PipelineRequest | null> {
  if (/^\s*image\//i.test(contentType ?? '')) return { files: [body], isBatch: false, parameters: {} };
  if (isMedia(contentType)) return readForm(body, contentType ?? '', account);
  const json = parseJson(body, { maxDepth: limits.maxJsonDepth, ...requestLimits }, 'tensors').value;
  if (typeof json !== 'object' || json === null || !('inputs' in json)) return null;
  const { inputs, parameters, ...others } = json as { inputs: unknown; parameters?: unknown };
  const isBatch = Array.isArray(inputs);
  const texts: unknown[] = isBatch ? inputs : [inputs];
  // A string cannot be taken for the list of tensors that the Open Inference Protocol has in this place.
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) return null;
  const other = Object.keys(others).find((name) => !parametersBesideInputs.includes(name));
  if (other !== undefined)
    throw invalid(`expected 'inputs' and 'parameters', got '${other.slice(0, 100)}' beside them`);
  account.take(
    'decoded',
    texts.reduce((sum, text) => sum + Math.ceil((text.length * 3) / 4), 0),
  );
  return {
    files: texts.map((text, index) => readBase64(text, isBatch ? `inputs[${index}]` : 'inputs')),
    isBatch,
    parameters: {
      ...parse(pipelineParametersSchema, parameters ?? {}, 'parameters'),
      ...parse(pipelineParametersSchema, others, 'beside inputs'),
    },
  };
}

/** A browser's canvas writes the second form. */
function readBase64(text: string, where: string): Uint8Array {
  const bytes = decodeBase64(text.replace(/^data:image\/[a-z+-]+;base64,/, ''));
  if (bytes !== null && bytes.length > 0) return bytes;
  throw invalid(`${where}: expected a picture in base64, got ${describeValue(text)}`);
}

async function readForm(body: Uint8Array, contentType: string, account: Account): Promise<PipelineRequest> {
  account.take('decoded', body.length);
  const form = await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new PopserveError('INVALID_ARGUMENT', 'the form cannot be read: it is damaged or its boundary is wrong', {
        cause,
      });
    });
  const odd = [...form.keys()].find((name) => name !== 'file' && name !== 'parameters');
  if (odd !== undefined) throw invalid(`expected the fields 'file' and 'parameters', got '${odd.slice(0, 100)}'`);
  const entries: (File | string)[] = form.getAll('file');
  const files = await Promise.all(
    entries.map(async (entry) => {
      if (typeof entry !== 'string') return entry.bytes();
      throw invalid(
        "field 'file': expected a file, got a text; a browser's form needs enctype=\"multipart/form-data\"",
      );
    }),
  );
  if (files.length === 0) throw invalid("expected a field 'file' with a picture, got none");
  return { files, isBatch: files.length > 1, parameters: readFormParameters(form.get('parameters')) };
}

function readFormParameters(value: File | string | null): PipelineParameters {
  if (value === null) return {};
  if (typeof value !== 'string') throw invalid("field 'parameters': expected JSON as a text, got a file");
  const json = parseJson(new TextEncoder().encode(value), { maxDepth: 8, ...requestLimits }, 'none').value;
  return parse(pipelineParametersSchema, json, "field 'parameters'");
}
