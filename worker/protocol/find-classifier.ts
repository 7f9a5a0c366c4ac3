// Which outputs of a model are its label and the scores behind it, and which column of the scores each label means.
import type { ColumnNames, OutputRole } from '../../registry/output-role.ts';
import { elementCount, isFloat } from '../../registry/signature.ts';
import type { Labels } from './classification.ts';
import type { Tensor } from './tensor.ts';

export interface ClassifierOutputs {
  readonly label: Tensor | null;
  /** `[count, classes]`, two classes or more. */
  readonly scores: Tensor;
  readonly classes: number;
  /** Names of the classes in the order of the columns; null where nobody knows them. */
  readonly names: Labels | null;
  /** The label of a row in which this column is the largest; null where it is not known. */
  readonly says: ColumnNames | null;
}

export interface ModelOutputs {
  readonly outputs: readonly Tensor[];
  /** Rows that were asked about. */
  readonly count: number;
  readonly labels?: Readonly<Record<string, Labels>> | undefined;
  /** As they were found when the version was published; versions in ORT format have none. */
  readonly roles?: readonly OutputRole[] | undefined;
}

const labelTypes = new Set(['INT64', 'INT32', 'BYTES', 'BOOL']);

/** @returns null for a model that tells no classes apart, or several kinds of them: then every output stands for itself */
export function findClassifier(model: ModelOutputs): ClassifierOutputs | null {
  return model.roles === undefined ? byShape(model) : byRoles(model, model.roles);
}

function byRoles(model: ModelOutputs, roles: readonly OutputRole[]): ClassifierOutputs | null {
  const found = roles.flatMap((role) => {
    const scores = role.role === 'number' ? model.outputs.find(({ name }) => name === role.output) : undefined;
    const classes = scores === undefined ? null : classCount(scores, model.count);
    if (scores === undefined || classes === null) return [];
    const beside = roles.filter((other) => other.role === 'label' && other.head === role.head);
    const [label, another] = beside;
    const output = another === undefined ? model.outputs.find(({ name }) => name === label?.output) : undefined;
    const names = namesOf(model, scores, classes);
    if (names === null && output === undefined) return [];
    const says = label?.says?.[scores.name] ?? null;
    return [{ role, outputs: { label: output ?? null, scores, classes, names, says } }];
  });
  const shares = found.filter(({ role }) => role.isShare === true);
  const isOneHead = new Set(found.map(({ role }) => role.head)).size === 1;
  const [only] = found.length === 1 ? found : isOneHead && shares.length === 1 ? shares : [];
  return only?.outputs ?? null;
}

/** Without a graph: scores are what has names for its classes, a label is what alone could be one. */
function byShape(model: ModelOutputs): ClassifierOutputs | null {
  const labels = model.outputs.filter(
    ({ datatype, shape }) => labelTypes.has(datatype) && elementCount(shape) === model.count && shape.length <= 2,
  );
  const label = labels.length === 1 ? (labels[0] ?? null) : null;
  for (const scores of model.outputs) {
    const classes = classCount(scores, model.count);
    if (classes === null) continue;
    const names = namesOf(model, scores, classes);
    if (names !== null || label !== null) return { label, scores, classes, names, says: null };
  }
  return null;
}

function classCount({ datatype, shape }: Tensor, count: number): number | null {
  const [batch, classes = 1, ...rest] = shape;
  return isFloat(datatype) && batch === count && rest.length === 0 && classes >= 2 ? classes : null;
}

function namesOf({ labels }: ModelOutputs, { name }: Tensor, classes: number): Labels | null {
  const own = labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
  return own?.length === classes ? own : null;
}

/**
 * The column that a label means: by what the graph says that it means, else by its name.
 * @returns -1 where nobody knows
 */
export function columnOfLabel(label: unknown, { says, names, classes }: ClassifierOutputs): number {
  if (says === 'column') return typeof label === 'number' && label >= 0 && label < classes ? label : -1;
  const known = says ?? names ?? [];
  return known.findIndex((name) => String(name) === String(label));
}
