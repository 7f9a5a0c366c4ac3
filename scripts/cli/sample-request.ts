// A request that a published version is known to answer, as a `curl` line that works when it is pasted; a picture is the caller's.
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, elementBytes, elementCount } from '../../registry/signature.ts';
import { quoteWord } from '../shell-words.ts';

/** More zeros than this travel in the binary form: a picture's would not fit on a line. */
const mostZerosInline = 64;

/**
 * @param url the PoP's, ending with `/`
 * @param minEpoch the release that the answer must know of
 * @returns null if the manifest has no sample input
 */
export function curlLine(manifest: Manifest, url: URL, minEpoch: number): string | null {
  if (manifest.pipeline !== undefined) {
    const endpoint = new URL(`v2/models/${manifest.model}/infer`, url).href;
    const question =
      'image' in manifest.pipeline
        ? "-H 'content-type: image/jpeg' --data-binary @picture.jpg"
        : "-H 'content-type: text/plain' --data-binary 'A text to try'";
    return `curl -s ${endpoint} -H 'popserve-min-epoch: ${minEpoch}' ${question}`;
  }
  const request = sampleRequest(manifest);
  if (request === null) return null;
  const { json, zeroBytes } = request;
  const endpoint = new URL(`v2/models/${manifest.model}/infer`, url).href;
  const epoch = `-H 'popserve-min-epoch: ${minEpoch}'`;
  // Answers with half floats have no JSON form.
  const output = request.binaryAnswer ? ' -o answer.bin' : '';
  if (zeroBytes === 0) {
    return `curl -s ${endpoint} ${epoch} -H 'content-type: application/json' -d ${quoteWord(json)}${output}`;
  }
  const length = new TextEncoder().encode(json).length;
  const headers = `-H 'content-type: application/octet-stream' -H 'Inference-Header-Content-Length: ${length}'`;
  const body = `{ printf %s ${quoteWord(json)}; head -c ${zeroBytes} /dev/zero; }`;
  return `${body} | curl -s ${endpoint} ${epoch} ${headers} --data-binary @-${output}`;
}

/**
 * The warm-up input of a manifest as an inference request; long runs of zeros follow the JSON as binary data.
 * @returns null if the manifest has no sample input
 */
function sampleRequest({
  signature,
  warmup,
}: Manifest): { json: string; zeroBytes: number; binaryAnswer: boolean } | null {
  if (warmup === null) return null;
  let zeroBytes = 0;
  const inputs = warmup.map(({ name, shape, data }) => {
    const datatype = signature.inputs.find((input) => input.name === name)?.datatype ?? 'FP32';
    const head = JSON.stringify({ name, shape, datatype }).slice(0, -1);
    const count = elementCount(shape);
    if (data === undefined && datatype !== 'BYTES' && count > mostZerosInline) {
      const bytes = count * elementBytes[datatype];
      zeroBytes += bytes;
      return `${head},"parameters":{"binary_data_size":${bytes}}}`;
    }
    const zero = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
    return `${head},"data":[${(data ?? new Array<typeof zero>(count).fill(zero)).map((value) => element(value, datatype)).join(',')}]}`;
  });
  const binaryAnswer = signature.outputs.some(({ datatype }) => datatype === 'FP16' || datatype === 'BF16');
  const parameters = binaryAnswer ? ',"parameters":{"binary_data_output":true}' : '';
  return { json: `{"inputs":[${inputs.join(',')}]${parameters}}`, zeroBytes, binaryAnswer };
}

/** The manifest spells 64-bit integers beyond 2^53 as strings, the protocol as digits. */
function element(value: number | boolean | string, datatype: Datatype): string {
  const wide = (datatype === 'INT64' || datatype === 'UINT64') && typeof value === 'string' && /^-?\d+$/.test(value);
  return wide ? value : JSON.stringify(value);
}
