// The file that is published: read, recognised, and made into something that the runtime can hand results out of.

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import { mebibytes } from '../../registry/mebibytes.ts';
import type { Digest } from '../../registry/names.ts';
import type { OutputRole } from '../../registry/output-role.ts';
import { unprocessable } from '../inspect/refusal.ts';
import { outputRoles } from '../onnx/classes/output-roles.ts';
import { externalDataFiles } from '../onnx/external-data.ts';
import { type OnnxModel, readModel, writeModel } from '../onnx/model-file.ts';
import { stripZipMap } from '../onnx/zip-map.ts';
import { unreadable } from '../unreadable.ts';
import { giveShapes } from './given-shapes.ts';
import { checkInitializers } from './initializers.ts';
import type { GivenShape } from './options.ts';

export interface Source {
  /** Name of the file, without folders. */
  readonly file: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly format: 'onnx' | 'ort';
  /** The model that is converted, checked and published: the file, or the file with its ZipMaps stripped. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** `null` for ORT format, which is published as it is. */
  readonly onnx: OnnxModel | null;
  /** Class labels by output name. */
  readonly labels: Record<string, readonly (string | number)[]>;
  /** The role of each output; `null` for ORT format, whose graph is not read. */
  readonly roles: readonly OutputRole[] | null;
}

/**
 * @param maxBytes a larger file is refused unread
 * @param shapes for inputs and outputs for which the file has none
 * @throws PopserveError INVALID_ARGUMENT for a file that cannot be read, UNPROCESSABLE naming what is wrong with its content
 */
export async function readSource(path: string, maxBytes: number, shapes: readonly GivenShape[] = []): Promise<Source> {
  const file = basename(path);
  const content = await readWhole(path, maxBytes);
  const common = { file, digest: await sha256Digest(content), bytes: content.length };
  if (isOrtFormat(content)) {
    if (shapes.length > 0)
      throw new PopserveError('INVALID_ARGUMENT', '--shape: a file in ORT format cannot be changed');
    return { ...common, format: 'ort', model: content, onnx: null, labels: {}, roles: null };
  }

  const onnx = readModel(content);
  const external = externalDataFiles(onnx);
  if (external.length > 0) {
    const names = external.slice(0, 5).map((name) => JSON.stringify(name));
    throw unprocessable(
      `${file} keeps weights in files beside it (${names.join(', ')}${external.length > 5 ? ', …' : ''}): ` +
        'expected a model of one file (in Python: onnx.save(onnx.load(path), path, save_as_external_data=False))',
    );
  }
  if (onnx.graph.output.length === 0) throw unprocessable(`${file} has no outputs: there is nothing to serve`);
  checkInitializers(onnx.graph);
  const isGivenShapes = giveShapes(onnx, shapes);
  const labels = stripZipMap(onnx);
  // It is written anew only where it was changed, so that otherwise the given bytes are published.
  const model = isGivenShapes || Object.keys(labels).length > 0 ? writeModel(onnx) : content;
  const roles = outputRoles(onnx.graph, labels);
  return { ...common, format: 'onnx', model, onnx, labels: withoutPairs(labels, roles), roles };
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      const [has, limit] = [mebibytes(size, 0), mebibytes(maxBytes, 0)];
      throw unprocessable(`${basename(path)} has ${has}: the isolate has no room for more than ${limit}`);
    }
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (cause instanceof PopserveError) throw cause;
    throw unreadable(path, cause);
  }
}

/** A ZipMap names the scores of pairs of classes like classes, of which there may be as many. */
function withoutPairs(labels: Source['labels'], roles: readonly OutputRole[]): Source['labels'] {
  const pairs = roles.filter(({ isPairs }) => isPairs === true).map(({ output }) => output);
  return Object.fromEntries(Object.entries(labels).filter(([output]) => !pairs.includes(output)));
}

/** A flatbuffer with the identifier of onnxruntime's own format (core/flatbuffers/schema/ort.fbs). */
function isOrtFormat(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(4, 8).toString('latin1') === 'ORTM';
}
