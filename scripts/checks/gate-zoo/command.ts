// npm run gate:zoo: does the release gate decide in the WASM runtime as it would on native onnxruntime? Every real model on its
// golden cases, and those with a labelled table on their figures as well. Exit status 1 if a decision differs.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultLimits } from '../../../registry/default-limits.ts';
import type { Metrics } from '../../../registry/evaluation.ts';
import { type Manifest, profileNames } from '../../../registry/manifest.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Tolerance } from '../../../worker/protocol/compare-elements.ts';
import { decodeJsonData } from '../../../worker/protocol/decode-json-data.ts';
import { datatypeOf, elementTypeName } from '../../../worker/protocol/element-type.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { projectRoot } from '../../build/project.ts';
import { layOut } from '../../cli/layout.ts';
import { table } from '../../cli/report.ts';
import { compareAnswers } from '../../inspect/compare.ts';
import { Inspector } from '../../inspect/inspector.ts';
import { runNative } from '../../inspect/native.ts';
import { WasmModel } from '../../inspect/wasm-model.ts';
import { readSource } from '../../publish/source.ts';
import { preparePublication } from '../../validation/prepare-publication.ts';
import { parseRequirement, unmet } from '../../validation/requirement.ts';
import type { DataOptions } from '../../validation/test-data.ts';

const folder = process.env.POPSERVE_MODEL_ZOO ?? join(projectRoot, '..', 'shared', 'models');
const { memoryBudgetMib } = defaultLimits;
const timeoutMs = 60_000;

/** Models whose labelled rows the zoo has, with a requirement that lies near the figure. */
const labelled: Readonly<Record<string, { data: Omit<DataOptions, 'path'>; file: string; requirement: string }>> = {
  'mpg-rf-regressor': {
    file: 'mpg.csv',
    data: {
      label: 'mpg',
      features: [['cylinders', 'displacement', 'horsepower', 'weight', 'acceleration', 'model_year']],
    },
    requirement: 'rmse<=1.5604',
  },
  'penguins-rf': {
    file: 'penguins.csv',
    data: { label: 'species', features: [['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g']] },
    requirement: 'log_loss<=0.13264',
  },
  'sms-spam-text': {
    file: 'spam_first500.csv',
    data: { label: 'label', columns: { text: 'masseges' } },
    requirement: 'log_loss<=0.004066',
  },
  'titanic-strings': { file: 'titanic_raw.csv', data: { label: 'survived' }, requirement: 'roc_auc>=0.85' },
};

interface StoredTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly data?: (number | string | boolean)[];
  readonly bin?: string;
}

interface Decision {
  readonly wasm: string;
  readonly native: string;
}

/** One model instead of all: `npm run gate:zoo -- mnist-8`. */
const only = process.argv[2];
const models = (await readdir(folder, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && entry.name !== 'data' && entry.name !== 'hostile')
  .map(({ name }) => name)
  .filter((name) => only === undefined || name === only)
  .sort();
const inspector = await Inspector.start();
const rows: string[][] = [['MODEL', 'CASES', 'WASM', 'NATIVE', 'FIGURES IN WASM', 'FIGURES IN NATIVE', 'SAME']];
let differing = 0;
for (const model of models) {
  const given = labelled[model];
  const validation = given && {
    testData: { path: join(folder, 'data', given.file), ...given.data },
    requirements: [parseRequirement(given.requirement)],
    regressionLimits: [],
    budgets: {},
  };
  const file = join(folder, model, 'model.onnx');
  const silent = { step() {}, note() {} };
  const { manifest, blobs } = await preparePublication(
    {
      file,
      model: model.toLowerCase(),
      version: '1',
      probeLimitMs: 0,
      engine: 'onnxruntime',
      tolerance: await toleranceOf(model),
      ...(validation ? { validation } : {}),
    },
    silent,
    inspector,
  );
  const cases = await readCases(model);
  const golden = await decideGolden(file, manifest, blobs[0]?.bytes ?? new Uint8Array(), cases);
  const figures = decideFigures(manifest, given?.requirement);
  const isSame = golden.wasm === golden.native && figures.wasm === figures.native;
  if (!isSame) differing++;
  rows.push([
    model,
    String(cases.length),
    golden.wasm,
    golden.native,
    figures.wasm,
    figures.native,
    isSame ? 'yes' : 'NO',
  ]);
}
await inspector.close();
process.stdout.write(
  `${layOut(table(rows), null).join('\n')}\n\n${models.length - differing} of ${models.length} models: the same decision\n`,
);
process.exitCode = differing === 0 ? 0 : 1;

/** Each runtime against the golden outputs; pass or fail of each case. */
async function decideGolden(
  file: string,
  { artifacts, runtime, tolerance }: Manifest,
  bytes: Uint8Array,
  cases: readonly { inputs: Tensor[]; outputs: Tensor[] }[],
): Promise<Decision> {
  const profile = profileNames.find((name) => runtime.profiles[name] !== undefined) ?? 'lean';
  const model = await WasmModel.load(inspector, bytes, {
    format: artifacts.model.format,
    profile,
    optimization: runtime.graphOptimization,
    heapLimitMib: memoryBudgetMib,
    timeoutMs,
  });
  const source = await readSource(file, memoryBudgetMib * 5 * mebibyte);
  const { references } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: cases.map(
      ({ inputs }) =>
        async () =>
          inputs,
    ),
    limits: { timeoutMs, memoryMib: 3072 },
  });
  const words = (difference: string | null) => (difference === null ? 'pass' : 'fail');
  const wasm: string[] = [];
  const native: string[] = [];
  for (const [index, { inputs, outputs }] of cases.entries()) {
    wasm.push(words(compareAnswers(outputs, (await model.run(inputs)).outputs, tolerance)));
    native.push(
      'fault' in references ? 'no answer' : words(compareAnswers(outputs, references[index] ?? [], tolerance)),
    );
  }
  return { wasm: brief(wasm), native: brief(native) };
}

function decideFigures({ evaluation }: Manifest, requirement: string | undefined): Decision {
  if (evaluation === undefined || evaluation.native === null || requirement === undefined)
    return { wasm: '', native: '' };
  const decide = (metrics: Metrics) =>
    `${requirement} ${unmet([parseRequirement(requirement)], metrics).length === 0 ? 'pass' : 'fail'}`;
  return { wasm: decide(evaluation.metrics), native: decide(evaluation.native.metrics) };
}

/** As the model's own description states it: 1e-3 absolute and relative, more for models whose int8 rounding differs. */
async function toleranceOf(model: string): Promise<Tolerance> {
  const { tolerance } = JSON.parse(await readFile(join(folder, model, 'meta.json'), 'utf8')) as { tolerance: string };
  return { absolute: Number(/max abs ([0-9.]+)/.exec(tolerance)?.[1] ?? 1e-3), relative: 1e-3 };
}

function brief(words: readonly string[]): string {
  return [...new Set(words)].length === 1 ? (words[0] ?? '') : words.join(' ');
}

async function readCases(model: string): Promise<{ inputs: Tensor[]; outputs: Tensor[] }[]> {
  const directory = join(folder, model, 'golden');
  const files = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (name) => {
      const stored = JSON.parse(await readFile(join(directory, name), 'utf8')) as {
        inputs: Record<string, StoredTensor>;
        outputs: Record<string, StoredTensor>;
      };
      const read = (tensors: Record<string, StoredTensor>) =>
        Promise.all(Object.entries(tensors).map(([tensor, value]) => readTensor(directory, tensor, value)));
      return { inputs: await read(stored.inputs), outputs: await read(stored.outputs) };
    }),
  );
}

async function readTensor(directory: string, name: string, stored: StoredTensor): Promise<Tensor> {
  const { dtype, shape, data = [], bin } = stored;
  const datatype = datatypeNamed(dtype);
  if (bin !== undefined) return { name, datatype, shape, data: new Uint8Array(await readFile(join(directory, bin))) };
  if (datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64') {
    const arrays = { FP16: Float16Array, FP32: Float32Array, FP64: Float64Array };
    return { name, datatype, shape, data: new Uint8Array(arrays[datatype].from(data.map(Number)).buffer) };
  }
  const values = datatype.endsWith('INT64') ? data.map((value) => BigInt(value)) : data;
  const given = { name, datatype, shape, where: `'${name}'`, count: values.length };
  return { name, datatype, shape, data: decodeJsonData(given, values, () => values) };
}

function datatypeNamed(name: string): Tensor['datatype'] {
  for (let elementType = 1; elementType < 27; elementType++) {
    const datatype = datatypeOf(elementType);
    if (datatype !== null && elementTypeName(elementType) === name) return datatype;
  }
  throw new Error(`no datatype '${name}'`);
}
