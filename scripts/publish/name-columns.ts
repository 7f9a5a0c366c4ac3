// Which input the names of `--features` are for, and the list of names that the manifest keeps.
import { describeTensor } from '../../registry/describe.ts';
import { invalid } from '../../registry/errors.ts';
import { namedColumnCount } from '../../registry/features.ts';
import { isPrototypeName } from '../../registry/prototype-names.ts';
import type { Signature, TensorSpec } from '../../registry/signature.ts';

/** The names of one `--features` each. The first may begin with the name of an input and `=`. */
export type GivenFeatures = readonly (readonly string[])[];

/** Names of columns, by input. */
export type ColumnNames = ReadonlyMap<string, readonly string[]>;

/**
 * @returns empty where the names are those of the inputs, which need no others
 * @throws {PopserveError} INVALID_ARGUMENT for names of which it cannot be said whose columns they are, or of another number
 */
export function namedColumns(given: GivenFeatures, inputs: readonly TensorSpec[]): ColumnNames {
  const named = new Map<string, readonly string[]>();
  for (const names of given) {
    const { input, columns } = addressed(names, inputs);
    if (input === null && inputs.length > 1 && areInputs(columns, inputs)) continue;
    const spec = input ?? onlyVector(columns, inputs);
    if (named.has(spec.name)) throw invalid(`--features: input '${spec.name}' has names twice`);
    if (inputs.length === 1 && columns.length === 1 && columns[0] === spec.name) continue;
    checkCount(spec, columns, inputs);
    named.set(spec.name, columns);
  }
  return named;
}

/**
 * The names that `--features` gives; else those that the columns have in the data.
 * @returns the notes say which names are taken from data, and which cannot be names of records
 */
export function recordNames(
  given: ColumnNames,
  data: readonly { readonly names: ColumnNames; readonly reference: { readonly file: string } }[],
  { inputs }: Signature,
): { readonly columns: ColumnNames; readonly notes: readonly string[] } {
  const columns = new Map(given);
  const notes: string[] = [];
  for (const spec of inputs) {
    const source = data.find(({ names }) => names.has(spec.name));
    const names = source?.names.get(spec.name);
    if (columns.has(spec.name) || names === undefined || names.length !== namedColumnCount(spec)) continue;
    const others = inputs.flatMap(({ name }) => columns.get(name) ?? (inputs.length > 1 ? [name] : []));
    const odd = names.find((name, at) => others.includes(name) || names.indexOf(name) !== at || isPrototypeName(name));
    if (odd === undefined) {
      columns.set(spec.name, names);
      notes.push(
        `records name the columns of input '${spec.name}' as ${source?.reference.file} does: ${names.join(', ')} (--features names others)`,
      );
    } else {
      notes.push(
        `records cannot name the columns of input '${spec.name}' as ${source?.reference.file} does, because of '${odd}'; --features names others`,
      );
    }
  }
  return { columns, notes };
}

/** As the manifest holds them: of each input the names of its columns, or its own. Undefined where no column has a name. */
export function featureList({ inputs }: Signature, columns: ColumnNames): string[] | undefined {
  if (columns.size === 0) return undefined;
  return inputs.flatMap(({ name }) => columns.get(name) ?? [name]);
}

/** `--features a=A,B --features b=…` for the vectors among the inputs. */
export function featuresAdvice(inputs: readonly TensorSpec[]): string {
  const vectors = vectorsOf(inputs);
  if (vectors.length < 2) return '--features A,B,…';
  return vectors.map(({ name }) => `--features ${name}=A,B,…`).join(' ');
}

/** One-hot columns are called `city=Rome` as well: only the name of an input is taken for one. */
function addressed([first = '', ...others]: readonly string[], inputs: readonly TensorSpec[]) {
  const input = inputs.find(({ name }) => first.startsWith(`${name}=`) && first.length > name.length + 1);
  if (input === undefined) return { input: null, columns: [first, ...others] };
  return { input, columns: [first.slice(input.name.length + 1).trim(), ...others] };
}

function onlyVector(columns: readonly string[], inputs: readonly TensorSpec[]): TensorSpec {
  const [only, ...more] = inputs;
  if (only !== undefined && more.length === 0) return only;
  const [vector, ...others] = vectorsOf(inputs);
  if (vector !== undefined && others.length === 0) return vector;
  const shown = inputs.map((spec) => `'${spec.name}' ${describeTensor(spec)}`).join(', ');
  if (vector === undefined) {
    throw invalid(`--features ${columns.join(',')}: expected an input of several columns, the model has ${shown}`);
  }
  const several = `the model has ${others.length + 1} inputs of several columns`;
  throw invalid(`--features ${columns.join(',')}: ${several}; say whose names they are: ${featuresAdvice(inputs)}`);
}

function vectorsOf(inputs: readonly TensorSpec[]): TensorSpec[] {
  return inputs.filter((spec) => (namedColumnCount(spec) ?? 0) > 1);
}

function checkCount(spec: TensorSpec, columns: readonly string[], inputs: readonly TensorSpec[]): void {
  const { name, shape } = spec;
  const count = namedColumnCount(spec);
  const isOpen = shape.length === 2 && shape[1] === -1;
  if (count === columns.length || (isOpen && inputs.length === 1)) return;
  const tensor = `input '${name}' ${describeTensor(spec)}`;
  if (count !== null) {
    throw invalid(`--features: ${tensor} has ${count} columns, got ${columns.length}: ${columns.join(', ')}`);
  }
  if (isOpen) throw invalid(`--features: the number of columns of ${tensor} is open, so they have no names`);
  throw invalid(
    `--features: ${tensor} is no vector [-1,COLUMNS], so its elements have no names; --column ${name}=A,B,… says which columns of the test data they are`,
  );
}

function areInputs(names: readonly string[], inputs: readonly TensorSpec[]): boolean {
  const given = new Set(names);
  return names.length === inputs.length && inputs.every(({ name }) => given.has(name));
}
