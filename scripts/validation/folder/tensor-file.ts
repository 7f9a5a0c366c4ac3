// One row of one input from one file.
import { readFile } from 'node:fs/promises';
import { invalid, type PopserveError } from '../../../registry/errors.ts';
import { rowElements } from '../../../registry/feature.ts';
import { elementBytes, type TensorSpec } from '../../../registry/signature.ts';
import type { Item } from '../../../worker/pipeline/items.ts';
import { unreadable } from '../../unreadable.ts';
import { parseNpy } from './npy.ts';
import { type Preparation, preparePicture } from './prepare-picture.ts';

export interface Row {
  /** Without the axis of rows. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** What a pipeline saw in the file. */
  readonly item?: Item;
}

export interface RowFile {
  readonly path: string;
  /** For messages. */
  readonly name: string;
}

/** Files of other names are not looked at, or refused where a file is named. */
export const dataFile = /\.(npy|bin|png|jpe?g|webp)$/i;
export const imageFile = /\.(png|jpe?g|webp)$/i;

/**
 * @param plan how an image is prepared, where the input takes images
 * @throws {PopserveError} INVALID_ARGUMENT naming the file, what was expected and what came
 */
export async function readRow({ path, name }: RowFile, spec: TensorSpec, plan: Preparation | undefined): Promise<Row> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(name, cause);
  });
  if (imageFile.test(name) && plan !== undefined) {
    const row = await preparePicture(bytes, plan, spec.datatype, name);
    return { ...row, shape: requireShape(row.shape, spec, spec.datatype, name) };
  }
  if (/\.bin$/i.test(name)) return rawRow(bytes, spec, name);
  const { datatype, shape, data } = parseNpy(bytes, name);
  if (datatype !== spec.datatype) throw unexpected(spec, `${datatype} [${shape}]`, name);
  return checked({ shape: requireShape(shape, spec, datatype, name), data }, spec, name);
}

function rawRow(data: Uint8Array, spec: TensorSpec, name: string): Row {
  const elements = rowElements(spec);
  const size = elementBytes[spec.datatype];
  if (elements === null || size === 0) {
    throw invalid(
      `${name}: raw files need an input of a fixed size, '${spec.name}' is ${spec.datatype} [${spec.shape}]; save .npy`,
    );
  }
  if (data.length !== elements * size) {
    throw unexpected(spec, `${data.length} bytes instead of ${elements * size}`, name);
  }
  return checked({ shape: spec.shape.slice(1), data }, spec, name);
}

/** A row as it is, or as the only row of a batch. */
function requireShape(shape: readonly number[], spec: TensorSpec, datatype: string, name: string): readonly number[] {
  const wanted = spec.shape.slice(1);
  const row = shape.length === wanted.length + 1 && shape[0] === 1 ? shape.slice(1) : shape;
  if (row.length === wanted.length && row.every((size, axis) => wanted[axis] === -1 || wanted[axis] === size))
    return row;
  throw unexpected(spec, `${datatype} [${shape}]`, name);
}

function checked(row: Row, spec: TensorSpec, name: string): Row {
  const wrong = spec.datatype === 'BOOL' ? row.data.find((byte) => byte > 1) : undefined;
  if (wrong === undefined) return row;
  throw invalid(`${name}: expected 0 or 1 for BOOL input '${spec.name}', got ${wrong}`);
}

function unexpected({ name, datatype, shape }: TensorSpec, got: string, file: string): PopserveError {
  return invalid(`${file}: expected ${datatype} [${shape.slice(1)}] for a row of input '${name}', got ${got}`);
}
