// A newer version never breaks callers of the older one unless an operator says so with a reason.
import type { Break, ContractConflict } from '../api/contract.ts';
import { quote } from '../describe.ts';
import { PopserveError } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import type { ManifestReader } from '../manifest-reader.ts';
import type { Route } from '../route.ts';
import { contractBreaks, describeBreak } from './breaks.ts';
import { comparisonBreaks } from './comparison.ts';
import { movedCallers } from './moved-callers.ts';

/** A message or a log entry names this many; the answer's `contract` has them all. */
const mostNamed = 32;

/**
 * Compares the contract of every version that callers would get with that of the version they have.
 * @param breaking whether the operator means it
 * @returns the route; if it breaks callers its audit says how
 * @throws {PopserveError} CONFLICT with every break in `contract` if callers would be hurt and the operator has not said so
 */
export async function requireContract(
  current: Route | null,
  route: Route,
  breaking: boolean,
  manifests: ManifestReader,
): Promise<Route> {
  const conflicts: ContractConflict[] = [];
  for (const { under, served, next } of movedCallers(current, route)) {
    const before = await findServed(manifests, served);
    if (before === null) continue;
    const compare = under === 'shadow' ? comparisonBreaks : contractBreaks;
    const breaks = compare(before, await manifests.get(next));
    if (breaks.length > 0) conflicts.push({ served, next, under, breaks });
  }
  const [first] = conflicts;
  if (first === undefined) return route;
  if (!breaking) throw refusal(route.model, first);
  const texts = named(conflicts.flatMap(({ breaks }) => breaks));
  return { ...route, audit: { ...route.audit, breaking: texts } };
}

/**
 * A version whose manifest is lost or damaged has no contract to keep, and must never stand in the way of the route that replaces it.
 */
async function findServed(manifests: ManifestReader, version: string): Promise<Manifest | null> {
  try {
    return await manifests.find(version);
  } catch (error) {
    if (error instanceof PopserveError && error.code === 'INTERNAL') return null;
    throw error;
  }
}

/** For callers of the API, at the end of the message; the command and the console have their own. */
export const adviceToBreak = 'to do it all the same, send "breaking": true with a "reason"';

function refusal(model: string, contract: ContractConflict): PopserveError {
  const { served, next, under, breaks } = contract;
  const fault =
    under === 'shadow'
      ? `version '${next}' cannot be compared with '${served}'`
      : `version '${next}' would break callers of '${served}' (${under})`;
  const message = `model ${quote(model)}: ${fault}: ${named(breaks).join('; ')}`;
  return new PopserveError('CONFLICT', `${message}; ${adviceToBreak}`, { contract });
}

function named(breaks: readonly Break[]): string[] {
  const texts = breaks.slice(0, mostNamed).map(describeBreak);
  return breaks.length > mostNamed ? [...texts, `and ${breaks.length - mostNamed} more`] : texts;
}
