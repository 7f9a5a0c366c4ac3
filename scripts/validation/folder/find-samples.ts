// Which files of a folder are samples, and what each truly is: by sub-folders named after classes, or by a labels.csv.

import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { invalid, PopserveError } from '../../../registry/errors.ts';
import { largest } from '../../../registry/extremes.ts';
import type { Signature } from '../../../registry/signature.ts';
import { labelColumn, sameName, truthOf } from '../bind-columns.ts';
import { readTable, type Table } from '../table.ts';
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
  /** What holds the truth. */
  readonly label: string;
  /** The file that lists the samples, where one does. */
  readonly listing: string | null;
}

const listing = 'labels.csv';
const kinds = '.npy, .bin, .png, .jpg or .jpeg';

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
  if (sub !== undefined)
    return { samples: await classSamples(folder, entries.folders, signature), label: 'sub-folder', listing: null };
  if (needsTruth || file === undefined || signature.inputs.length > 1) {
    const got = file === undefined ? `no ${kinds}` : `${files.length} files such as '${file}'`;
    throw invalid(`${folder}: expected sub-folders named after classes or a ${listing}, got ${got}`);
  }
  return { samples: files.map((name) => ({ files: [name], truth: null })), label: '', listing: null };
}

/** One of each class in turn, so that the first rows, which become golden vectors, are of several classes. */
async function classSamples(folder: string, classes: readonly string[], signature: Signature): Promise<Sample[]> {
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
    const found = files.filter((file) => dataFile.test(file) && basename(file, extname(file)) === name);
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
  const table = await readTable(join(folder, listing));
  const columns = fileColumns(table, signature, options);
  const label = labelOf(table, columns, options, needsTruth);
  const samples: Sample[] = [];
  for (const [index, row] of table.rows.entries()) {
    const where = `${folder}/${table.where(index)}`;
    const named: string[] = [];
    for (const column of columns) named.push(await namedFile(folder, String(row[column] ?? ''), column, where));
    const [only = ''] = named;
    const files = columns.length === signature.inputs.length ? named : await inputFiles(folder, only, signature);
    const truth = needsTruth && label !== undefined ? truthOf(row[label] ?? null, where, label) : null;
    samples.push({ files, truth });
  }
  return { samples, label: label === undefined ? '' : `${listing}: ${label}`, listing };
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

/** The column that is left where there is only one. */
function labelOf(table: Table, files: readonly string[], options: DataOptions, isNeeded: boolean): string | undefined {
  const columns = table.columns.filter((column) => !files.includes(column));
  if (options.label === undefined && columns.length === 1) return columns[0];
  return labelColumn({ ...table, columns }, options, isNeeded);
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
    throw new PopserveError('INVALID_ARGUMENT', `cannot read ${folder}: ${String(cause)}`, { cause });
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => entry) : entry;
    if (kind.isDirectory()) folders.push(entry.name);
    else if (kind.isFile()) files.push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort() };
}
