// Plain records at a PoP: what `popserve infer --record` and `--csv` send and show.
import * as z from 'zod';
import { type Predictions, predictionsSchema } from '../../registry/api/inference.ts';
import { jsonValueSchema } from '../../registry/api/json.ts';
import type { ModelMetadata } from '../../registry/api/metadata.ts';
import { invalid } from '../../registry/errors.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import { sameName } from '../validation/table/column-names.ts';
import { readTable } from '../validation/table/read-table.ts';
import type { Cell } from '../validation/table/records.ts';
import { type AskedModel, askModel, curlOf, type Question, titleOf } from './ask-model.ts';
import type { Context } from './context.ts';
import { readMetadata } from './model-metadata.ts';
import { type Report, table } from './report.ts';

type Feature = ModelMetadata['features'][number];
type JsonValue = string | number | boolean | null | readonly JsonValue[];
type JsonRecord = Readonly<Record<string, JsonValue>>;

/** Records in one request. */
const mostAtOnce = 1000;

interface Model {
  readonly features: readonly Feature[];
  /** In one request; -1 is any number. */
  readonly records: number;
}

/**
 * @param given `name=value`, or records as JSON objects
 * @throws {PopserveError} INVALID_ARGUMENT for a value that is none of its feature; whatever the PoP says
 */
export async function inferRecord(context: Context, asked: AskedModel, given: readonly string[]): Promise<Report> {
  const { features, records } = await modelOf(context, asked);
  if (given.some((text) => text.trimStart().startsWith('{'))) {
    const all = given.map(readRecord);
    const what = all.length === 1 ? 'a record' : `${all.length} records`;
    return predict(context, asked, all, { what, records, notes: [] });
  }
  const record = Object.fromEntries(
    given.map((pair): [string, JsonValue] => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw invalid(`--record ${pair}: expected name=value`);
      const [name, text] = [pair.slice(0, equals), pair.slice(equals + 1)];
      const feature = features.find((each) => each.name === name);
      if (feature !== undefined) return [name, readValue(text, feature, `--record ${name}`)];
      throw invalid(
        `--record: the model has no feature '${name}'; it has ${features.map((each) => each.name).join(', ')}`,
      );
    }),
  );
  return predict(context, asked, [record], { what: 'a record', records: 1, notes: [] });
}

const recordSchema = z.record(z.string(), jsonValueSchema);

function readRecord(text: string): JsonRecord {
  return parse(recordSchema, parseJson(text, `--record ${text}`), `--record ${text}`) as JsonRecord;
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the row and the column at fault; whatever the PoP says */
export async function inferCsv(
  context: Context,
  asked: AskedModel,
  { file, row: only }: { readonly file: string; readonly row: number | undefined },
): Promise<Report> {
  const { features, records } = await modelOf(context, asked);
  const { columns, rows, where, notes } = await readTable(file);
  if (only !== undefined && only > rows.length) throw invalid(`--row ${only}: ${file} has ${rows.length} rows`);
  const bound = features.flatMap((feature) => {
    const column = sameName(columns, feature.name);
    if (column !== undefined) return [{ feature, column, at: columns.indexOf(column) }];
    if (feature.optional) return [];
    throw invalid(`${file}: expected a column '${feature.name}', it has ${columns.join(', ')}`);
  });
  const read = new Set(bound.map(({ column }) => column));
  const others = columns.filter((column) => !read.has(column));
  const from = (only ?? 1) - 1;
  const all = rows
    .slice(from, only)
    .map(
      (row, index): JsonRecord =>
        Object.fromEntries(
          bound.map(({ feature, column, at }) => [
            feature.name,
            cellOf(row[at], feature, `${where(from + index)}, column '${column}'`),
          ]),
        ),
    );
  const left = others.length === 0 ? [] : [`columns that are no features are left out: ${others.join(', ')}`];
  const what = only === undefined ? `${all.length} rows of ${file}` : `row ${only} of ${file}`;
  return predict(context, asked, all, { what, records, notes: [...notes, ...left] });
}

async function modelOf(context: Context, asked: AskedModel): Promise<Model> {
  const { features, records } = await readMetadata(context, asked);
  if (features.length > 0) return { features, records };
  const { model } = asked;
  throw invalid(
    `${model} takes no plain records: 'npx popserve show ${model}' lists its inputs, and 'npx popserve infer ${model} --example' prints a request for --input`,
  );
}

async function predict(
  context: Context,
  asked: AskedModel,
  all: readonly JsonRecord[],
  { what, records, notes }: { readonly what: string; readonly records: number; readonly notes: readonly string[] },
): Promise<Report> {
  const size = records > 0 ? Math.min(records, mostAtOnce) : mostAtOnce;
  const predictions: Predictions['predictions'][number][] = [];
  let title = '';
  for (let from = 0; from < all.length; from += size) {
    const reply = await askModel(context, asked, questionOf(all.slice(from, from + size)));
    title = titleOf(asked, reply, what);
    const answer = `the answer of ${context.connection.settings.url}`;
    const json = parseJson(new TextDecoder().decode(reply.body), answer, 'INTERNAL');
    for (const prediction of parse(predictionsSchema, json, answer, 'INTERNAL').predictions)
      predictions.push(prediction);
  }
  return {
    lines: [
      title,
      ...table(predictionRows(predictions)),
      ...notes.map((note) => `note: ${note}`),
      ...curlOf(context, asked, questionOf(all.slice(0, 1))),
    ],
    value: predictions,
  };
}

function questionOf(records: readonly JsonRecord[]): Question {
  const body = JSON.stringify({ instances: records });
  return { body, contentType: 'application/json', curlBody: ['--data-raw', body] };
}

/** A row for each record, its outputs by their names. */
export function predictionRows(predictions: readonly Readonly<Record<string, unknown>>[]): string[][] {
  const names = [...new Set(predictions.flatMap((prediction) => Object.keys(prediction)))];
  const isSeveral = predictions.length > 1;
  const head = [...(isSeveral ? ['ROW'] : []), ...names.map((name) => name.toUpperCase())];
  return [
    head,
    ...predictions.map((prediction, index) => [
      ...(isSeveral ? [String(index + 1)] : []),
      ...names.map((name) => shown(prediction[name])),
    ]),
  ];
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cellOf(cell: Cell | undefined, feature: Feature, where: string): JsonValue {
  if (cell === undefined || cell === null) return null;
  if (typeof cell === 'string') return readValue(cell, feature, where);
  if (typeof cell === 'boolean') return cell;
  if (Array.isArray(cell)) return cell.map((each) => cellOf(each as Cell, { ...feature, shape: [] }, where));
  throw invalid(`${where}: expected a value or a list, got an object`);
}

/** A text as its feature takes it; of a list its elements are separated by commas. */
function readValue(text: string, feature: Feature, where: string): JsonValue {
  if (feature.shape.length > 0 && text.includes(',')) {
    return text.split(',').map((part) => readValue(part.trim(), { ...feature, shape: [] }, where));
  }
  switch (feature.type) {
    case 'string':
      return text;
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw invalid(`${where}: expected true or false for '${feature.name}', got '${text}'`);
    default: {
      const number = Number(text);
      if (text.trim() !== '' && Number.isFinite(number)) return number;
      throw invalid(`${where}: expected a number for '${feature.name}', got '${text}'`);
    }
  }
}
