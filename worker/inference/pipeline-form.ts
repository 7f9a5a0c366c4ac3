// A form with pictures or texts, as a browser sends it: multipart/form-data.
import { type PipelineParameters, pipelineParametersSchema } from '../../registry/api/pipeline-request.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import { parse } from '../../registry/parse.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { parseJson, requestLimits } from '../protocol/json.ts';
import { withNumbers } from '../protocol/non-finite.ts';
import type { Account } from '../runtime/ledger.ts';
import type { PipelineRequest } from './pipeline-request.ts';
import { countOf, readUtf8, type Sent } from './sent.ts';

/** @throws {PopserveError} INVALID_ARGUMENT naming the field at fault */
export async function readForm(
  body: Uint8Array,
  contentType: string,
  pipeline: Pipeline,
  account: Account,
): Promise<PipelineRequest> {
  account.take('decoded', body.length);
  const form = await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new PopserveError('INVALID_ARGUMENT', 'the form cannot be read: it is damaged or its boundary is wrong', {
        cause,
      });
    });
  const fields = 'text' in pipeline ? ['text', 'file'] : ['file'];
  const odd = [...form.keys()].find((name) => !fields.includes(name) && name !== 'parameters');
  if (odd !== undefined) {
    const expected = [...fields, 'parameters'].map((name) => `'${name}'`);
    throw invalid(
      `expected the fields ${expected.slice(0, -1).join(', ')} and ${expected.at(-1)}, got '${odd.slice(0, 100)}'`,
    );
  }
  const sent = 'text' in pipeline ? await readTexts(form) : await readFiles(form);
  return { form: 'form', sent, isBatch: countOf(sent) > 1, parameters: readParameters(form.get('parameters')) };
}

async function readFiles(form: FormData): Promise<Sent> {
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
  return { files };
}

/** Fields and files of text, in the order in which they stand in the form. */
async function readTexts(form: FormData): Promise<Sent> {
  const entries = [...form.entries()].filter(([name]) => name !== 'parameters') as [string, File | string][];
  const texts = await Promise.all(
    entries.map(async ([name, entry]) =>
      typeof entry === 'string' ? entry : readUtf8(await entry.bytes(), `field '${name}': the file`),
    ),
  );
  if (texts.length === 0) throw invalid("expected a field 'text', got none");
  return { texts };
}

function readParameters(value: File | string | null): PipelineParameters {
  if (value === null) return {};
  if (typeof value !== 'string') throw invalid("field 'parameters': expected JSON as a text, got a file");
  const json = parseJson(new TextEncoder().encode(value), { maxDepth: 8, ...requestLimits }, 'none').value;
  return parse(pipelineParametersSchema, withNumbers(json), "field 'parameters'");
}
