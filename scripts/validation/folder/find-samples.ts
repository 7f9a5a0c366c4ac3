// Which files of a folder are samples, and what each truly is: by sub-folders named after classes, or by a labels.csv.

import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { invalid } from '../../../registry/errors.ts';
import type { DataReference } from '../../../registry/evaluation.ts';
import { largest } from '../../../registry/extremes.ts';
import type { Signature } from '../../../registry/signature.ts';
import { unreadable } from '../../unreadable.ts';
import { requireDistinct, sameName } from '../table/column-names.ts';
import { findDecimalSign } from '../table/decimal-sign.ts';
import { guessedLabel, namedLabel } from '../table/label-column.ts';
import { readTable, type Table } from '../table/read-table.ts';
import { isNumeric, truthOf } from '../table/truth.ts';
import type { DataOptions } from '../test-data.ts';
import { dataFile } from './tensor-file.ts';

export interface Sample {
  /** One for each input, in the order of the signature: paths below the folder. */
  readonly files: readonly string[];
  /** Null where the truth is not asked for. */
  readonly truth: string | null;
}

export interface FoundSamples {
  readonly samples: readonly Sample[];
  /** The place of the truth. */
  readonly label: string;
  /** The file that lists the samples, where one does, and how it was read. */
  readonly listing: { readonly file: string; readonly reading: DataReference['reading'] } | null;
  /** Assumptions, one sentence each. */
  readonly notes: readonly string[];
}

const listing = 'labels.csv';
const kinds = '.npy, .bin, .png, .jpg, .jpeg or .webp';

/** @throws {PopserveError} INVALID_ARGUMENT naming the file or folder at fault */
export async function findSamples(
  folder: string,
  signature: Signature,
  options: DataOptions,
  needsTruth: boolean,
): Promise<FoundSamples> {
  const entries = await list(folder);
  if (entries.files.includes(listing)) return listedSamples(folder, signature, options, needsTruth);
  const files = entries.files.filter((name) => dataFile.test(name));
  const [file, sub] = [files[0], entries.folders[0]];
  if (file !== undefined && sub !== undefined) {
    throw invalid(`${folder}: expected sub-folders named after classes or a ${listing}, got '${sub}' beside '${file}'`);
  }
  if (options.reading !== undefined) {
    throw invalid(`${folder} has no ${listing}, which --encoding, --separator, --decimal and --missing would be about`);
  }
  if (sub !== undefined) {
    const samples = await classSamples(folder, entries.folders, signature);
    return { samples, label: 'sub-folder', listing: null, notes: [] };
  }
  if (needsTruth || file === undefined || signature.inputs.length > 1) {
    const got = file === undefined ? `no ${kinds}` : `${files.length} files such as '${file}'`;
    throw invalid(`${folder}: expected sub-folders named after classes or a ${listing}, got ${got}`);
  }
  return { samples: files.map((name) => ({ files: [name], truth: null })), label: '', listing: null, notes: [] };
}

/** One of each class in turn, so that the first rows, which become golden vectors, are of several classes. */
async function classSamples(folder: string, classes: readonly string[], signature: Signature): Promise<Sample[]> {
  requireDistinct(classes, folder, 'sub-folder');
  const perClass = await Promise.all(
    classes.map(async (truth): Promise<Sample[]> => {
      const { files, folders } = await list(join(folder, truth));
      const isOneFile = signature.inputs.length === 1;
      const [names, others] = isOneFile ? [files, folders] : [folders, files];
      const odd = others[0] ?? (isOneFile ? files.find((name) => !dataFile.test(name)) : undefined);
      const what = isOneFile ? kinds : 'a sub-folder for each sample, with a file for each input';
      if (odd !== undefined || names.length === 0) {
        throw invalid(`${folder}/${truth}: expected ${what}, got ${odd === undefined ? 'none' : `'${odd}'`}`);
      }
      const samples: Sample[] = [];
      for (const name of names) samples.push({ files: await inputFiles(folder, `${truth}/${name}`, signature), truth });
      return samples;
    }),
  );
  const longest = largest(perClass.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => perClass.flatMap((samples) => samples[index] ?? [])).flat();
}

/** The sample itself where the model has one input, else the files in its folder that are called like the inputs. */
async function inputFiles(folder: string, sample: string, { inputs }: Signature): Promise<string[]> {
  if (inputs.length === 1) return [sample];
  const { files } = await list(join(folder, sample));
  return inputs.map(({ name }) => {
    const found = files.filter((file) => dataFile.test(file) && isSame(basename(file, extname(file)), name));
    if (found.length === 1) return `${sample}/${found[0]}`;
    const got = found.length === 0 ? files : found;
    throw invalid(
      `${folder}/${sample}: expected one file ${name} (${kinds}) for input '${name}', got ${got.join(', ')}`,
    );
  });
}

async function listedSamples(
  folder: string,
  signature: Signature,
  options: DataOptions,
  needsTruth: boolean,
): Promise<FoundSamples> {
  const read = await readTable(join(folder, listing), options.reading);
  const table: Table = { ...read, where: (row) => `${folder}/${read.where(row)}` };
  const columns = fileColumns(table, signature, options);
  const label = needsTruth ? labelOf(table, columns, options) : null;
  const { truths, decimal, notes } = readTruths(table, label, options);
  const samples: Sample[] = [];
  for (const [index, row] of table.rows.entries()) {
    const named: string[] = [];
    for (const column of columns) {
      const cell = row[table.columns.indexOf(column)] ?? '';
      named.push(await namedFile(folder, String(cell), column, table.where(index)));
    }
    const [only = ''] = named;
    const files = columns.length === signature.inputs.length ? named : await inputFiles(folder, only, signature);
    samples.push({ files, truth: truths[index] ?? null });
  }
  const reading = decimal === '.' ? read.reference.reading : { ...read.reference.reading, decimal };
  return {
    samples,
    label: label === null ? '' : `${listing}: ${label}`,
    listing: { file: listing, reading },
    notes: [...read.notes, ...notes],
  };
}

/** @param label null where the truth is not asked for */
function readTruths(table: Table, label: string | null, { reading }: DataOptions) {
  if (label === null) return { truths: [], decimal: '.' as const, notes: [] };
  const at = table.columns.indexOf(label);
  const cells = table.rows.map((row, index) => ({ cell: row[at], where: () => table.where(index) }));
  const { decimal, notes } =
    reading?.decimal === undefined
      ? findDecimalSign(listing, table.separator, isNumeric(table, label) ? cells : [])
      : { decimal: reading.decimal, notes: [] };
  return { truths: truthOf(table, label, { decimal, missing: new Set(reading?.missing) }), decimal, notes };
}

/** A column for each input that names its file, or `file` for the sample. */
function fileColumns({ columns, reference }: Table, { inputs }: Signature, options: DataOptions): string[] {
  const own = inputs.map(({ name }) => sameName(columns, options.columns?.[name] ?? name));
  if (own.every((column) => column !== undefined)) return own;
  const file = sameName(columns, 'file');
  if (file !== undefined) return [file];
  const names = inputs.map(({ name }) => `'${name}'`).join(', ');
  throw invalid(
    `${reference.file}: expected a column 'file', or one for each input (${names}); it has ${columns.join(', ')}`,
  );
}

/** Where none is named, the column that is left where there is only one, else the one with a usual name. */
function labelOf({ columns, reference }: Table, files: readonly string[], { label }: DataOptions): string {
  const rest = columns.filter((column) => !files.includes(column));
  if (label !== undefined) return namedLabel(rest, label, reference.file);
  const [only, ...others] = rest;
  return only !== undefined && others.length === 0 ? only : guessedLabel(rest, new Set(), reference.file);
}

async function namedFile(folder: string, name: string, column: string, where: string): Promise<string> {
  const found = name === '' ? null : await stat(join(folder, name)).catch(() => null);
  if (found?.isDirectory() || (found?.isFile() && dataFile.test(name))) return name;
  const got = found === null ? `'${name}', which is not there` : `'${name}'`;
  throw invalid(`${where}, column '${column}': expected a file ${kinds}, got ${got}`);
}

/** Names without those that start with a dot, in code-unit order; links count as what they lead to. */
async function list(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = [];
  const folders: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry;
    if (kind.isDirectory()) folders.push(entry.name);
    else if (kind.isFile()) files.push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** Some file systems keep accents as characters of their own. */
function isSame(left: string, right: string): boolean {
  return left.normalize('NFC') === right.normalize('NFC');
}
