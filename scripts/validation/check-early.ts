// Faults of data and options that the model's file and the beginning of the data show, before anything is loaded or run.
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { invalid } from '../../registry/errors.ts';
import type { Signature } from '../../registry/signature.ts';
import { graphInputs } from '../onnx/graph-inputs.ts';
import type { GraphProto } from '../onnx/onnx_pb.ts';
import { asReference, asTest } from './gate-data.ts';
import type { ValidationOptions } from './options.ts';
import { readData } from './read-data.ts';
import { checkColumns } from './table/bind-columns.ts';
import { decodeText } from './table/decode-text.ts';
import { parseCsv } from './table/parse-csv.ts';
import type { DataOptions } from './test-data.ts';

/** Data up to this size is read as a whole, which takes well below a second; of more, the header. */
const mostBytes = 4 * 1_048_576;
const headBytes = 65_536;

/**
 * Finds what would else be found minutes later: a column that is missing, a cell that is no number, an output that does not exist.
 * @throws {PopserveError} INVALID_ARGUMENT as {@link readData} does
 */
export async function checkEarly(options: ValidationOptions, graph: GraphProto): Promise<void> {
  const outputs = graph.output.map(({ name }) => name);
  const missing = options.outputs?.find((name) => !outputs.includes(name));
  if (missing !== undefined) {
    throw invalid(`the model has no output '${missing}' (--output); it has ${outputs.join(', ')}`);
  }
  const inputs = graphInputs(graph);
  if (inputs === null) return;
  const signature = { inputs, outputs: [] };
  const { testData, reference } = options;
  if (testData !== undefined) await asTest(options, () => checkData(testData, signature, true));
  if (reference !== undefined) await asReference(() => checkData(reference, signature, false));
}

async function checkData(options: DataOptions, signature: Signature, needsTruth: boolean): Promise<void> {
  const { path } = options;
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return;
  if (found === null || found.size <= mostBytes) {
    await readData(options, signature, needsTruth);
    return;
  }
  const head = await headOf(path, options);
  if (head !== null) checkColumns(head, signature, options, needsTruth);
}

/** The columns of a large CSV; null if the beginning of the file does not tell them: its whole will, or say why not. */
async function headOf(path: string, { reading }: DataOptions) {
  // JSON lines may have a column in their last line only.
  if (/\.(jsonl|ndjson|json)$/i.test(path)) return null;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headBytes) });
    const bytes = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(10) + 1);
    const name = basename(path);
    const { text } = decodeText(bytes, name, reading?.encoding);
    const usual = /\.tsv$/i.test(path) ? '\t' : ',';
    return { ...parseCsv(text, { name, separator: reading?.separator, usual }), file: name };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
