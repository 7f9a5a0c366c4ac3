// Which dimensions can grow by themselves, and which only with others: a frame and its state, two inputs that are added.
import type { Role, SizePlan, VariableDimension } from './sample-sizes.ts';

/** Dimensions that the model lets grow only together, or one by itself. */
export interface Group {
  readonly dimensions: readonly VariableDimension[];
  readonly isBatch: boolean;
}

export interface Groups {
  readonly groups: readonly Group[];
  /** Dimensions that the model refused to let grow, in whatever company. */
  readonly stuck: readonly VariableDimension[];
}

/** Dimensions are tried one by one, unless there are more. */
const mostAlone = 6;

/**
 * @param free dimensions that may be larger than they are
 * @param takes whether the model runs where these are larger
 */
export async function groupDimensions(
  free: readonly VariableDimension[],
  takes: (moved: readonly VariableDimension[]) => Promise<boolean>,
): Promise<Groups> {
  const groups: Group[] = [];
  let stuck = free;
  const settle = (moved: readonly VariableDimension[]) => {
    groups.push({ dimensions: moved, isBatch: moved.some(({ role }) => role === 'batch') });
    stuck = stuck.filter((each) => !moved.includes(each));
  };
  // With one dimension there is nothing to tell apart.
  if (free.length === 1) settle(free);
  for (const moved of candidates(free)) {
    if (moved.every((each) => stuck.includes(each)) && (await takes(moved))) settle(moved);
  }
  return { groups, stuck };
}

/** From one by one to all at once. */
function* candidates(free: readonly VariableDimension[]): Generator<readonly VariableDimension[]> {
  const roles = byRole(free);
  if (free.length <= mostAlone) {
    for (const each of free) yield [each];
    for (const [index, each] of free.entries()) for (const other of free.slice(index + 1)) yield [each, other];
  }
  for (const role of roles) if (free.length > mostAlone || role.length > 2) yield role;
  if (roles.length > 1 && free.length > 2) yield free;
}

function byRole(dimensions: readonly VariableDimension[]): VariableDimension[][] {
  const roles = new Map<Role, VariableDimension[]>();
  for (const dimension of dimensions) roles.set(dimension.role, [...(roles.get(dimension.role) ?? []), dimension]);
  return [...roles.values()];
}

/** Inputs that bound a request: no other input has all of their groups and more. */
export function boundingInputs(inputs: readonly string[], groups: readonly Group[]): Set<string> {
  const groupsOf = (input: string) =>
    new Set(
      groups.filter(({ dimensions }) => dimensions.some(({ places }) => places.some((at) => at.input === input))),
    );
  const own = new Map(inputs.map((input) => [input, groupsOf(input)] as const));
  const isBelow = (groups: ReadonlySet<Group>) =>
    [...own.values()].some((others) => others.size > groups.size && groups.isSubsetOf(others));
  return new Set(inputs.filter((input) => !isBelow(own.get(input) ?? new Set())));
}

/** Sizes that a publisher decided leave a dimension where it is if the sample has them already. */
export function canGrow({ key }: VariableDimension, size: number, most: SizePlan): boolean {
  return (most.get(key) ?? Number.POSITIVE_INFINITY) > size;
}
