// Test or reference data in any of its forms, for a model of this signature.
import { stat } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import type { Signature } from '../../registry/signature.ts';
import { unreadable } from '../unreadable.ts';
import { readFolder } from './folder/read-folder.ts';
import { readTexts } from './read-texts.ts';
import { bindColumns } from './table/bind-columns.ts';
import { readTable } from './table/read-table.ts';
import type { DataOptions, TestData } from './test-data.ts';

/**
 * @param needsTruth false for a baseline, which is about inputs and outputs only
 * @throws {PopserveError} INVALID_ARGUMENT naming what cannot be read or does not fit the model
 */
export async function readData(options: DataOptions, signature: Signature, needsTruth: boolean): Promise<TestData> {
  const found = await stat(options.path).catch((cause: unknown) => {
    throw unreadable(options.path, cause);
  });
  if (options.texts !== undefined) {
    if (!found.isDirectory()) return readTexts(options, options.texts, needsTruth);
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `${options.path} is a folder; expected a CSV with a column of texts, which the version takes`,
    );
  }
  if (found.isDirectory()) return readFolder(options, signature, needsTruth);
  if (options.detects) {
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `${options.path}: a detector is judged by a folder of pictures with their annotations, got a file`,
    );
  }
  if (options.images !== undefined) {
    throw new PopserveError('INVALID_ARGUMENT', `${options.path} is a table; the options for images go with a folder`);
  }
  return bindColumns(await readTable(options.path, options.reading), signature, options, needsTruth);
}
