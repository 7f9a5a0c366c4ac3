// Which axis of a model's inputs and outputs counts the records of a request: by the symbols of its dimensions, and by runs that
// ask for two records together and each alone. Nothing that serves has to look at the size of an answer.
import type { Signature } from '../../registry/signature.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { type InspectedSession, InspectionError } from '../inspect/inspector.ts';
import { tidy } from '../inspect/refusal.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import { type Row, replaceRow, rowAt, rowPair, stackRows } from './sample-rows.ts';
import type { Sample } from './samples.ts';

export interface BatchQuestion {
  readonly model: Pick<WasmModel, 'run'>;
  /** The runtime's description of inputs and outputs, with the symbols of their dimensions. */
  readonly session: Pick<InspectedSession, 'inputs' | 'outputs'>;
  readonly samples: readonly Sample[];
  /** Outputs whose shape may depend on values; null where there is no graph to look at. */
  readonly valueShaped: ReadonlySet<string> | null;
  /** Whether records influence each other a little, because the graph quantises them together. */
  readonly quantisesTogether: boolean;
  readonly tolerance: Tolerance;
}

export interface FoundBatch {
  readonly batch: NonNullable<Signature['batch']>;
  /** Remarks for the publisher, one sentence each. */
  readonly notes: readonly string[];
}

type Described = InspectedSession['inputs'][number];

/** How an output follows the records: a row of its own for each, rows that depend on each other, or none. */
type Following = 'rows' | 'mixed' | 'none';

const oneRecord = 'no output has a row for each record: a request holds one record, whose values are the whole inputs';
const noBatch = { size: 1, inputs: [], outputs: [] };

/** A run that fails says that records do not go together in this way; it is no reason not to publish. */
export async function findBatch(question: BatchQuestion): Promise<FoundBatch> {
  const sized = question.session.inputs.filter(({ shape }) => shape.length > 0);
  const refusals: string[] = [];
  for (const group of variableGroups(sized)) {
    const { batch, notes } = await variableBatch(question, group);
    if (batch !== null) return { batch, notes: [...notes, ...outputNotes(batch, question)] };
    for (const note of notes) refusals.push(note);
  }
  const batch = await fixedBatch(question, sized);
  const [refusal = oneRecord] = refusals;
  const isExpected = batch.inputs.length > 0 || sized.every(({ shape: [first] }) => first === 1);
  return { batch, notes: [...(isExpected ? [] : [refusal]), ...outputNotes(batch, question)] };
}

/** Inputs that may be the records' in common: all whose axis 0 is variable, else those that share a symbol. */
function variableGroups(sized: readonly Described[]): (readonly Described[])[] {
  const elsewhere = new Set(sized.flatMap(({ shape }) => shape.slice(1)).filter((size) => size !== ''));
  const variable = sized.filter(({ shape: [first] }) => typeof first === 'string' && !elsewhere.has(first));
  const symbols = new Set(variable.map(({ shape }) => shape[0]));
  const bySymbol = [...symbols].map((symbol) => variable.filter(({ shape }) => shape[0] === symbol));
  return variable.length === 0 ? [] : bySymbol.length > 1 ? [variable, ...bySymbol] : [variable];
}

interface Attempt {
  readonly batch: FoundBatch['batch'] | null;
  readonly notes: readonly string[];
}

async function variableBatch(question: BatchQuestion, group: readonly Described[]): Promise<Attempt> {
  const inputs = group.map(({ name }) => name);
  const symbols = new Set(group.map(({ shape }) => shape[0]));
  const pair = rowPair(question.samples, inputs);
  if (pair === null) return { batch: declaredRows(question, inputs, symbols), notes: [] };
  const outcome = await followedBy(question, pair);
  if (typeof outcome === 'string') {
    const batch = rowsOfOne(question, inputs, symbols, pair[0].answer ?? []);
    return { batch, notes: batch === null ? [] : [`records are taken one at a time: ${outcome}`] };
  }
  const named = ({ name }: Described, following: Following) => outcome.get(name) === following;
  const possible = question.session.outputs.filter((output) => mayFollow(question, output, symbols));
  const mixed = possible.filter((output) => named(output, 'mixed'));
  const rows = possible.filter((output) => named(output, 'rows'));
  if (mixed.length > 0) {
    const which = mixed.map(({ name }) => `'${name}'`).join(', ');
    const note = `records are taken one at a time: in ${which} the answer to one depends on the others of its request`;
    if (!question.quantisesTogether) return { batch: null, notes: [note] };
    const outputs = [...mixed, ...rows].map(({ name }) => name);
    return { batch: { size: 1, inputs, outputs }, notes: [`${note}, since the model quantises them together`] };
  }
  return { batch: rows.length === 0 ? null : { size: -1, inputs, outputs: rows.map(({ name }) => name) }, notes: [] };
}

/** Whether rows of this output can be the records' at all. */
function mayFollow(
  { valueShaped }: BatchQuestion,
  { name, shape }: Described,
  symbols: ReadonlySet<string | number | undefined>,
): boolean {
  const [first] = shape;
  if (typeof first !== 'string') return false;
  if (first !== '' && symbols.has(first)) return true;
  return valueShaped === null ? first === '' : !valueShaped.has(name);
}

/** Without a run, only a symbol that inputs and outputs share says that they have the same rows. */
function declaredRows(
  { session }: BatchQuestion,
  inputs: readonly string[],
  symbols: ReadonlySet<string | number | undefined>,
): FoundBatch['batch'] | null {
  if (symbols.size !== 1 || symbols.has('')) return null;
  const outputs = session.outputs.filter(({ shape }) => symbols.has(shape[0])).map(({ name }) => name);
  return outputs.length === 0 ? null : { size: -1, inputs: [...inputs], outputs };
}

/** The outputs that have one row for the only record that the model takes. */
function rowsOfOne(
  question: BatchQuestion,
  inputs: readonly string[],
  symbols: ReadonlySet<string | number | undefined>,
  answer: readonly Tensor[],
): FoundBatch['batch'] | null {
  const rows = question.session.outputs
    .filter((output) => output.shape[0] === 1 || mayFollow(question, output, symbols))
    .filter(({ name }) => answer.find((output) => output.name === name)?.shape[0] === 1);
  return rows.length === 0 ? null : { size: 1, inputs: [...inputs], outputs: rows.map(({ name }) => name) };
}

/**
 * Asks for two records together, in both orders, and for each alone.
 * @returns by name of the output, or why the model does not take two
 */
async function followedBy(
  { model, tolerance }: BatchQuestion,
  [left, right]: readonly [Row, Row],
): Promise<Map<string, Following> | string> {
  const ask = async (rows: readonly Row[]) => (await model.run(stackRows(rows))).outputs;
  try {
    const alone = [left.answer ?? (await ask([left])), right.answer ?? (await ask([right]))];
    const [together, turned] = [await ask([left, right]), await ask([right, left])];
    const one = followingOf(together, alone, tolerance);
    const two = followingOf(turned, alone.toReversed(), tolerance);
    const following = new Map([...one].map(([name, found]) => [name, least(found, two.get(name) ?? 'none')]));
    if (![...following.values()].includes('mixed')) return following;
    // A model that draws random numbers answers differently by itself: then its rows cannot be compared.
    const again = await ask([left, right]);
    const isRandom = (name: string) =>
      compareAnswers(
        together.filter((output) => output.name === name),
        again,
        tolerance,
      ) !== null;
    const settled = ([name, found]: [string, Following]): [string, Following] =>
      found === 'mixed' && isRandom(name) ? [name, 'rows'] : [name, found];
    return new Map([...following].map(settled));
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return `the model does not run on two together (${tidy(error.message)})`;
  }
}

function least(one: Following, two: Following): Following {
  if (one === 'none' || two === 'none') return 'none';
  return one === 'mixed' ? one : two;
}

function followingOf(
  together: readonly Tensor[],
  alone: readonly (readonly Tensor[])[],
  tolerance: Tolerance,
): Map<string, Following> {
  return new Map(together.map((output) => [output.name, followingOfOne(output, alone, tolerance)]));
}

function followingOfOne(together: Tensor, alone: readonly (readonly Tensor[])[], tolerance: Tolerance): Following {
  const { name, shape } = together;
  const own = alone.map((outputs) => outputs.find((output) => output.name === name));
  const rest = shape.slice(1).join();
  const isFollowed = shape[0] === own.length && own.every((each) => each?.shape[0] === 1);
  if (!isFollowed || own.some((each) => each?.shape.slice(1).join() !== rest)) return 'none';
  const isSame = own.every((each, row) => each && compareAnswers([each], [rowAt(together, row)], tolerance) === null);
  return isSame ? 'rows' : 'mixed';
}

/** Inputs of a fixed size: one record, or exactly so many if changing one changes its own row of the outputs alone. */
async function fixedBatch(question: BatchQuestion, sized: readonly Described[]): Promise<FoundBatch['batch']> {
  const sizes = new Set(sized.map(({ shape }) => shape[0]));
  const [size] = sizes;
  const having = (specs: readonly Described[], wanted: number) =>
    specs.filter(({ shape }) => shape[0] === wanted).map(({ name }) => name);
  const { outputs } = question.session;
  if (sizes.has(1)) return { size: 1, inputs: having(sized, 1), outputs: having(outputs, 1) };
  if (sizes.size !== 1 || typeof size !== 'number' || size === 0) return noBatch;
  const rows = await independentRows(question, having(sized, size), having(outputs, size), size);
  // An output without rows could not be answered for several records, and the model takes no fewer: it takes one, as a whole.
  return rows.length < outputs.length ? noBatch : { size, inputs: having(sized, size), outputs: rows };
}

async function independentRows(
  { model, samples, tolerance }: BatchQuestion,
  inputs: readonly string[],
  outputs: readonly string[],
  size: number,
): Promise<string[]> {
  const [sample] = samples;
  if (sample === undefined || outputs.length === 0) return [];
  const isIndependent = new Set(outputs);
  const hasChanged = new Set<string>();
  try {
    for (const row of [0, size - 1]) {
      const changed = (await model.run(replaceRow(sample.inputs, inputs, row, samples))).outputs;
      for (const name of outputs) {
        const [before, after] = [sample.outputs, changed].map((all) => all.find((output) => output.name === name));
        if (before === undefined || after === undefined) continue;
        for (let index = 0; index < size; index++) {
          if (compareAnswers([rowAt(before, index)], [rowAt(after, index)], tolerance) === null) continue;
          if (index === row) hasChanged.add(name);
          else isIndependent.delete(name);
        }
      }
    }
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return [];
  }
  // A label may stay the same; without any output that changes in its own row alone, nothing shows that rows are records.
  const found = [...isIndependent];
  return found.some((name) => hasChanged.has(name)) ? found : [];
}

function outputNotes({ size, outputs }: FoundBatch['batch'], { session }: BatchQuestion): string[] {
  if (size === 1) return [];
  const without = session.outputs.filter(({ name }) => !outputs.includes(name)).map(({ name }) => `'${name}'`);
  if (without.length === 0) return [];
  return [
    `${without.join(', ')} has no row for each record: several records in one request have to be sent as tensors`,
  ];
}
