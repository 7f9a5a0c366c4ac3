// What a caller of a pipeline sends: pictures and texts as they are, in a form, in JSON, or as BYTES tensors. The model's own tensors stay
// possible beside it. Which is meant never depends on what a text says: the version takes pictures or texts, and a list of objects is a
// list of tensors.
import { parametersBesideInputs, pipelineParametersSchema } from '../../registry/api/pipeline-request.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import { parse } from '../../registry/parse.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { isPicture } from '../pipeline/picture-header.ts';
import type { DecodeLimits } from '../protocol/infer-request.ts';
import { parseJson, requestLimits } from '../protocol/json.ts';
import { withNumbers } from '../protocol/non-finite.ts';
import type { Account } from '../runtime/ledger.ts';
import { readForm } from './pipeline-form.ts';
import { isMedia, type PipelineBody, type PipelineRequest, type PipelineTensors } from './pipeline-request.ts';
import { readBytesTensor } from './pipeline-tensors.ts';
import { countOf, readStrings, readUtf8 } from './sent.ts';

/**
 * @returns null for a request of the model's own tensors, or of records
 * @throws {PopserveError} INVALID_ARGUMENT for a form or JSON that cannot be understood; UNSUPPORTED_MEDIA for pictures to a version that
 *   takes texts; TOO_LARGE for more pictures or texts than a request may have; UNAVAILABLE where it does not fit into memory
 */
export async function readPipelineRequest(
  message: PipelineBody,
  pipeline: Pipeline,
  limits: DecodeLimits,
  account: Account,
): Promise<PipelineRequest | PipelineTensors | null> {
  const request = await read(message, pipeline, limits, account);
  if (request === null) return null;
  const count = countOf(request.sent);
  if (count <= limits.maxRecords) return request;
  const what = 'files' in request.sent ? 'pictures' : 'texts';
  throw new PopserveError('TOO_LARGE', `expected at most ${limits.maxRecords} ${what} in a request, got ${count}`);
}

async function read(
  { body, contentType, headerLength }: PipelineBody,
  pipeline: Pipeline,
  limits: DecodeLimits,
  account: Account,
): Promise<PipelineRequest | PipelineTensors | null> {
  const type = contentType ?? '';
  if (headerLength !== null) return readBytesTensor({ body, headerLength }, pipeline, limits, account);
  const raw = { form: 'raw', isBatch: false, parameters: {} } as const;
  if ('text' in pipeline) {
    if (/^\s*image\//i.test(type)) throw wrongMedia(pipeline, type);
    if (/^\s*text\/plain/i.test(type)) return { ...raw, sent: { texts: [readPlain(body, type, limits)] } };
  } else if (/^\s*image\//i.test(type) || (!isMedia(type) && isPicture(body))) {
    // JSON never begins as a picture does: one that came without a media type, or with curl's, is known by its bytes.
    return { ...raw, sent: { files: [body] } };
  }
  if (isMedia(type)) return readForm(body, type, pipeline, account);
  return readJson(body, pipeline, limits, account);
}

function wrongMedia({ task }: Pipeline, contentType: string): PopserveError {
  return new PopserveError(
    'UNSUPPORTED_MEDIA',
    `content type '${contentType.slice(0, 100)}' is not supported: ${task} takes texts, as text/plain or as JSON {"inputs": "…"}`,
  );
}

/**
 * A browser's fetch sends JSON as text/plain unless it is told otherwise. The vector of such a text would be an answer to something
 * that was not asked.
 */
function readPlain(body: Uint8Array, contentType: string, limits: DecodeLimits): string {
  const text = decodeText(body, contentType);
  if (!isRequest(text, body, limits)) return text;
  throw invalid(
    'the body is a request with the type text/plain, which is for the text itself: send it as application/json; if this text is meant, send {"inputs": "…"} with it inside',
  );
}

function isRequest(text: string, body: Uint8Array, { maxJsonDepth: maxDepth }: DecodeLimits): boolean {
  if (!/^\s*\{/.test(text) || !/"(inputs|instances)"/.test(text)) return false;
  try {
    const { value } = parseJson(body, { maxDepth, ...requestLimits }, 'none');
    return typeof value === 'object' && value !== null && ('inputs' in value || 'instances' in value);
  } catch {
    return false;
  }
}

/** @throws {PopserveError} UNSUPPORTED_MEDIA for another charset, INVALID_ARGUMENT for bytes that are not UTF-8 */
function decodeText(body: Uint8Array, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii|ascii)$/i.test(charset)) {
    throw new PopserveError(
      'UNSUPPORTED_MEDIA',
      `expected a text in UTF-8, got the charset '${charset.slice(0, 100)}'; send it as UTF-8`,
    );
  }
  return readUtf8(body, 'the text');
}

function readJson(
  body: Uint8Array,
  pipeline: Pipeline,
  limits: DecodeLimits,
  account: Account,
): PipelineRequest | PipelineTensors | null {
  const json = parseJson(body, { maxDepth: limits.maxJsonDepth, ...requestLimits }, 'tensors').value;
  if (typeof json !== 'object' || json === null || !('inputs' in json)) return null;
  const { inputs, parameters, ...others } = json as { inputs: unknown; parameters?: unknown };
  const isBatch = Array.isArray(inputs);
  const texts: unknown[] = isBatch ? inputs : [inputs];
  // A string cannot be taken for the list of tensors that the Open Inference Protocol has in this place.
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
    return readBytesTensor({ body, headerLength: null }, pipeline, limits, account);
  }
  const other = Object.keys(others).find((name) => !parametersBesideInputs.includes(name));
  if (other !== undefined)
    throw invalid(`expected 'inputs' and 'parameters', got '${other.slice(0, 100)}' beside them`);
  return {
    form: 'json',
    sent: readStrings(texts, pipeline, account, (index) => (isBatch ? `inputs[${index}]` : 'inputs')),
    isBatch,
    parameters: {
      ...parse(pipelineParametersSchema, withNumbers(parameters ?? {}), 'parameters'),
      ...parse(pipelineParametersSchema, withNumbers(others), 'beside inputs'),
    },
  };
}
