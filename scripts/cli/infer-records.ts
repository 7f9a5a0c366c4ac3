// Plain records at a PoP: what `popserve infer --record` and `--csv` send and show.

import { type Predictions, predictionsSchema } from '../../registry/api/inference.ts';
import { modelMetadataSchema } from '../../registry/api/metadata.ts';
import { invalid } from '../../registry/errors.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import { sameName } from '../validation/table/column-names.ts';
import { readTable } from '../validation/table/read-table.ts';
import type { Cell } from '../validation/table/records.ts';
import { type AskedModel, askModel, curlOf, type Question, titleOf } from './ask-model.ts';
import { urlPath } from './connection.ts';
import type { Context } from './context.ts';
import { type Report, table } from './report.ts';

type Feature = ReturnType<typeof modelMetadataSchema.parse>['features'][number];
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
 * @param given `name=value`
 * @throws {PopserveError} INVALID_ARGUMENT for a value that is none of its feature; whatever the PoP says
 */
export async function inferRecord(context: Context, asked: AskedModel, given: readonly string[]): Promise<Report> {
  const { features } = await modelOf(context, asked);
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

/** @throws {PopserveError} INVALID_ARGUMENT naming the row and the column at fault; whatever the PoP says */
export async function inferCsv(context: Context, asked: AskedModel, file: string): Promise<Report> {
  const { features, records } = await modelOf(context, asked);
  const { columns, rows, where, notes } = await readTable(file);
  const bound = features.flatMap((feature) => {
    const column = sameName(columns, feature.name);
    if (column !== undefined) return [{ feature, column, at: columns.indexOf(column) }];
    if (feature.optional) return [];
    throw invalid(`${file}: expected a column '${feature.name}', it has ${columns.join(', ')}`);
  });
  const read = new Set(bound.map(({ column }) => column));
  const others = columns.filter((column) => !read.has(column));
  const all = rows.map(
    (row, index): JsonRecord =>
      Object.fromEntries(
        bound.map(({ feature, column, at }) => [
          feature.name,
          cellOf(row[at], feature, `${where(index)}, column '${column}'`),
        ]),
      ),
  );
  const left = others.length === 0 ? [] : [`columns that are no features are left out: ${others.join(', ')}`];
  return predict(context, asked, all, { what: `${all.length} rows of ${file}`, records, notes: [...notes, ...left] });
}

async function modelOf({ connection }: Context, { model, version }: AskedModel): Promise<Model> {
  const target = version === undefined ? '' : urlPath`/versions/${version}`;
  const reply = await connection.send({
    ...{ method: 'GET', path: `${urlPath`v2/models/${model}`}${target}`, repeat: 'always' },
    authorized: connection.settings.token !== null,
  });
  const what = `the metadata of ${model}`;
  const json = parseJson(new TextDecoder().decode(reply.body), what, 'INTERNAL');
  const { features, records } = parse(modelMetadataSchema, json, what, 'INTERNAL');
  if (features.length > 0) return { features, records };
  throw invalid(
    `${model} takes no plain records: 'npx popserve show ${model}' lists its inputs, --input sends a request of them`,
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
function predictionRows(predictions: readonly Readonly<Record<string, unknown>>[]): string[][] {
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
