// Which outputs of a version are its label and the scores behind it, and which column of the scores each label means. Decided from the
// manifest alone, so that every answer of a version has the same fields, whatever values it holds.
import { batchOf } from './batch.ts';
import type { ColumnNames, OutputRole } from './output-role.ts';
import { isFloat, isOneValue, type Signature, type TensorSpec } from './signature.ts';

/** Names of classes, in the order of their scores. */
export type Labels = readonly (string | number)[];

export interface Classifier {
  /** The output that names the class; null where the largest score does. */
  readonly label: string | null;
  /** The output `[records, classes]`, two classes or more. */
  readonly scores: string;
  readonly classes: number;
  /** Names of the classes in the order of the columns; null where nobody knows them. */
  readonly names: Labels | null;
  /** The label of a row in which this column is the largest; null where it is not known. */
  readonly says: ColumnNames | null;
  /** Whether the scores are called probabilities. */
  readonly isShare: boolean;
}

export interface ClassifierModel {
  readonly signature: Signature;
  readonly labels?: Readonly<Record<string, Labels>> | undefined;
  /** As they were found when the version was published; versions in ORT format have none. */
  readonly roles?: readonly OutputRole[] | undefined;
}

const labelTypes = new Set(['INT64', 'INT32', 'BYTES', 'BOOL']);
/** Where the graph does not show that scores are probabilities, their name has to say it. */
const shareName = /prob|softmax/i;

/** Fields that tell the class of a record. */
const classFields = new Set(['label', 'probability', 'probabilities', 'score', 'scores']);

/**
 * Finds the outputs that make answers to records those of a classifier. No record has two fields of one name: a model with an output of such a name
 * answers with every output by itself.
 * @returns null for a model that tells no classes apart, or several kinds of them: then every output stands for itself
 */
export function classifierOf(model: ClassifierModel): Classifier | null {
  const found = model.roles === undefined ? byShape(model) : byRoles(model, model.roles);
  const beside = outputsBeside(model, found);
  return beside.some(({ name }) => classFields.has(name)) ? null : found;
}

/** The outputs that stand in an answer to records under their names. */
function outputsBeside({ signature }: ClassifierModel, classifier: Classifier | null): TensorSpec[] {
  return signature.outputs.filter(({ name }) => name !== classifier?.scores && name !== classifier?.label);
}

/** Names of the fields of a classifier's scores: of the class that was found, and of all. */
export function scoreFields({ isShare }: Classifier): readonly [own: string, all: string] {
  return isShare ? ['probability', 'probabilities'] : ['score', 'scores'];
}

/** The fields of every answer to a record. A classifier leaves out the score of a label that it does not know the column of. */
export function answerFields(model: ClassifierModel): string[] {
  const classifier = classifierOf(model);
  const beside = outputsBeside(model, classifier).map(({ name }) => name);
  return classifier === null ? beside : ['label', ...scoreFields(classifier), ...beside];
}

/** The keys of all scores, in their order: the names of the classes, else their places. */
export function scoreKeys({ classes, names }: Classifier): string[] {
  return Array.from({ length: classes }, (_, place) => String(names?.[place] ?? place));
}

function byRoles(model: ClassifierModel, roles: readonly OutputRole[]): Classifier | null {
  const { outputs } = model.signature;
  const found = roles.flatMap((role) => {
    const scores = role.role === 'number' ? outputs.find(({ name }) => name === role.output) : undefined;
    const classes = scores === undefined ? null : classCount(model, scores);
    if (scores === undefined || classes === null) return [];
    const beside = roles.filter((other) => other.role === 'label' && other.head === role.head);
    const [label, another] = beside;
    // Neither of two labels is the one, and the largest score may say a third.
    if (another !== undefined) return [];
    const own = outputs.find(({ name }) => name === label?.output);
    const isLabel = own !== undefined && hasOneValue(model, own);
    const names = namesOf(model, scores, classes);
    if (names === null && !isLabel) return [];
    const says = label?.says?.[scores.name] ?? null;
    const isShare = role.isShare === true || shareName.test(scores.name);
    return [
      { role, classifier: { label: isLabel ? own.name : null, scores: scores.name, classes, names, says, isShare } },
    ];
  });
  const shares = found.filter(({ role }) => role.isShare === true);
  const isOneHead = new Set(found.map(({ role }) => role.head)).size === 1;
  const [only] = found.length === 1 ? found : isOneHead && shares.length === 1 ? shares : [];
  return only?.classifier ?? null;
}

/** Without a graph: scores are what has names for its classes, a label is what alone could be one. */
function byShape(model: ClassifierModel): Classifier | null {
  const { outputs } = model.signature;
  const labels = outputs.filter((spec) => labelTypes.has(spec.datatype) && hasOneValue(model, spec));
  const label = labels.length === 1 ? (labels[0]?.name ?? null) : null;
  for (const scores of outputs) {
    const classes = classCount(model, scores);
    if (classes === null) continue;
    const names = namesOf(model, scores, classes);
    if (names === null && label === null) continue;
    return { label, scores: scores.name, classes, names, says: null, isShare: shareName.test(scores.name) };
  }
  return null;
}

/** How many classes an output tells apart; a width that the signature leaves open is that of its labels. */
function classCount({ signature, labels }: ClassifierModel, { name, datatype, shape }: TensorSpec): number | null {
  const [, width, ...rest] = shape;
  if (!isFloat(datatype) || width === undefined || rest.length > 0) return null;
  if (!batchOf(signature).outputs.has(name)) return null;
  const classes = width === -1 ? (labelsOf(labels, name)?.length ?? 0) : width;
  return classes >= 2 ? classes : null;
}

function hasOneValue({ signature }: ClassifierModel, { name, shape }: TensorSpec): boolean {
  return batchOf(signature).outputs.has(name) && shape.length <= 2 && isOneValue(shape.slice(1));
}

function namesOf({ labels }: ClassifierModel, { name }: TensorSpec, classes: number): Labels | null {
  const own = labelsOf(labels, name);
  return own?.length === classes ? own : null;
}

function labelsOf(labels: ClassifierModel['labels'], name: string): Labels | undefined {
  return labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/**
 * The column that a label means: by what the graph says that it means, else by its name.
 * @returns -1 where nobody knows
 */
export function columnOfLabel(label: unknown, { says, names, classes }: Classifier): number {
  if (says === 'column') return typeof label === 'number' && label >= 0 && label < classes ? label : -1;
  const known = says ?? names ?? [];
  return known.findIndex((name) => String(name) === String(label));
}
