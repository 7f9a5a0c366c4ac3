// Runs one case of the suite through the session layer inside workerd, and says what became of it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PopserveError } from '../../../registry/errors.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { type InspectedSession, InspectionError, type Inspector, type LoadOptions } from '../../inspect/inspector.ts';
import { type OnnxModel, readModel, writeModel } from '../../onnx/model-file.ts';
import type { ValueInfoProto } from '../../onnx/onnx_pb.ts';
import { type Category, categoryOf } from './category.ts';
import { type Comparison, compareTensors } from './compare.ts';
import type { SuiteCase } from './suite.ts';
import { type NamedValue, toTensorsOnly } from './tensors-only.ts';
import { decodeValue } from './value.ts';

export interface Outcome {
  readonly category: Category;
  /** Why it did not pass, in the runtime's words; '' if it did. */
  readonly cause: string;
  /** Graph optimisation at which the model loaded. */
  readonly optimization: LoadOptions['optimization'] | null;
  /** Whether sequences or optionals were put together and taken apart by operators added to the model. */
  readonly extended: boolean;
}

export interface LoadedCase {
  readonly suiteCase: SuiteCase;
  readonly bytes: Uint8Array;
  readonly model: OnnxModel;
}

const timeoutMs = 30_000;
/** Operators whose result is random: other values than the reference's are no fault. */
const randomOperators = new Set([
  'Dropout',
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

export async function readCase(suiteCase: SuiteCase): Promise<LoadedCase> {
  const bytes = await readFile(join(suiteCase.directory, 'model.onnx'));
  return { suiteCase, bytes, model: readModel(bytes) };
}

/** Runs every data set of the case; the first that does not pass decides. Faults of the model and of the runtime become its category. */
export async function runCase(
  inspector: Inspector,
  { suiteCase, bytes }: LoadedCase,
  profile: LoadOptions['profile'],
): Promise<Outcome> {
  let outcome: Outcome | null = null;
  for (const dataSet of await listNumbered(suiteCase.directory, 'test_data_set_', '')) {
    // Read again for each: the data set decides how the model has to be extended.
    const model = readModel(bytes);
    const inputs = await readValues(dataSet, 'input', model.graph.input);
    const expected = await readValues(dataSet, 'output', model.graph.output);
    const tensors = toTensorsOnly(model, inputs, expected);
    outcome = {
      ...(await runDataSet(inspector, tensors.changed ? writeModel(model) : bytes, profile, tensors, isRandom(model))),
      extended: tensors.changed,
    };
    if (outcome.category !== 'pass') break;
  }
  if (!outcome) throw new PopserveError('UNPROCESSABLE', `${suiteCase.name}: expected test_data_set_0, got none`);
  return outcome;
}

async function runDataSet(
  inspector: Inspector,
  model: Uint8Array,
  profile: LoadOptions['profile'],
  { inputs, outputs }: { inputs: readonly RawTensor[]; outputs: readonly RawTensor[] },
  random: boolean,
): Promise<Omit<Outcome, 'extended'>> {
  const loaded = await load(inspector, model, profile);
  if (loaded instanceof InspectionError) {
    return { category: categoryOf(loaded, 'load'), cause: loaded.message, optimization: null };
  }
  const { session, optimization } = loaded;
  try {
    const names = outputs.map(({ name }) => name);
    const run = await inspector.run(session.id, inputs, { outputs: names, timeoutMs });
    const byName = new Map(run.outputs.map((output) => [output.name, output]));
    return {
      ...judge(
        outputs.map((output) => compareTensors(output, byName.get(output.name))),
        random,
      ),
      optimization,
    };
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return { category: categoryOf(error, 'run'), cause: error.message, optimization };
  } finally {
    await inspector.release(session.id);
  }
}

function judge(comparisons: readonly Comparison[], random: boolean): { category: Category; cause: string } {
  const worst = (['form', 'values', 'loose'] as const)
    .map((verdict) => comparisons.find((comparison) => comparison.verdict === verdict))
    .find((comparison) => comparison !== undefined);
  if (!worst) return { category: 'pass', cause: '' };
  const category: Category =
    worst.verdict === 'loose'
      ? 'pass-loose'
      : worst.verdict === 'values' && random
        ? 'nondeterministic'
        : 'fail-mismatch';
  return { category, cause: worst.difference };
}

/** Some valid models are refused at every level of graph optimisation but `disabled`. */
async function load(
  inspector: Inspector,
  model: Uint8Array,
  profile: LoadOptions['profile'],
): Promise<{ session: InspectedSession; optimization: LoadOptions['optimization'] } | InspectionError> {
  let refusal: InspectionError | null = null;
  for (const optimization of ['all', 'disabled'] as const) {
    try {
      return {
        session: await inspector.load(model, { format: 'onnx', profile, optimization }, timeoutMs),
        optimization,
      };
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      refusal ??= error;
    }
  }
  return refusal ?? new InspectionError('internal', 'no optimisation level was tried');
}

/** Files input_0.pb, input_1.pb, … stand for the graph's inputs in order; initializers that are inputs as well come last and have none. */
async function readValues(
  directory: string,
  kind: 'input' | 'output',
  infos: readonly ValueInfoProto[],
): Promise<NamedValue[]> {
  const files = await listNumbered(directory, `${kind}_`, '.pb');
  return Promise.all(
    files.map(async (file, index) => {
      const info = infos[index];
      if (!info?.type) throw new PopserveError('UNPROCESSABLE', `${file}: the model has ${infos.length} ${kind}s`);
      return { name: info.name, type: info.type, value: decodeValue(await readFile(file), info.name, info.type) };
    }),
  );
}

/** Paths `<prefix><number><suffix>` by their number. */
async function listNumbered(directory: string, prefix: string, suffix: string): Promise<string[]> {
  const numbers = (await readdir(directory))
    .filter((file) => file.startsWith(prefix) && file.endsWith(suffix))
    .map((file) => Number(file.slice(prefix.length, file.length - suffix.length)));
  return numbers.sort((a, b) => a - b).map((number) => join(directory, `${prefix}${number}${suffix}`));
}

function isRandom({ graph, functions }: OnnxModel): boolean {
  return [...graph.node, ...functions.flatMap((fn) => fn.node)].some(({ opType }) => randomOperators.has(opType));
}
