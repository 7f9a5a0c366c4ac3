// The possible outcomes of a case, and which of the runtime's refusals stands for which.
import type { InspectionError } from '../../inspect/inspector.ts';

export const categories = [
  'pass',
  'pass-loose',
  'nondeterministic',
  'unsupported-opset',
  'unsupported-op',
  'unsupported-kernel',
  'unsupported-type',
  /** Only in what is known of the stock runtimes: the type is lost in their JS API. */
  'unsupported-js-type',
  'fail-mismatch',
  'fail-load',
  'fail-run',
  'crash',
] as const;

export type Category = (typeof categories)[number];

export const meanings: Readonly<Record<Category, string>> = {
  pass: 'equal within the tolerance, type and shape equal',
  'pass-loose': 'differs by less than 1e-3 absolute only, or the largest finite number stands for an infinity',
  nondeterministic: 'a random result; type and shape equal',
  'unsupported-opset': 'an opset newer than the runtime knows',
  'unsupported-op': 'the operator is not registered',
  'unsupported-kernel': 'no CPU kernel for that operator version or type',
  'unsupported-type': 'the runtime cannot hold the element type',
  'unsupported-js-type': "the packages' own JS API cannot carry the type",
  'fail-mismatch': 'other numbers than the reference',
  'fail-load': 'refused at session creation',
  'fail-run': 'an error in the run',
  crash: 'the runtime aborted, trapped or gave no answer',
};

export function passes(category: Category): boolean {
  return category === 'pass' || category === 'pass-loose';
}

/** In the order asked: the first that matches names the cause. */
const refusals: readonly (readonly [RegExp, Category])[] = [
  [/opset \d+ is under development|only \*guarantees\* support/i, 'unsupported-opset'],
  [/is not a registered function\/op|No Op registered for/i, 'unsupported-op'],
  [/Could not find an implementation for|Failed to find kernel for/i, 'unsupported-kernel'],
  [/NOT_IMPLEMENTED|not (yet )?implemented/i, 'unsupported-kernel'],
];

/** @param step what was tried when the runtime refused */
export function categoryOf(error: InspectionError, step: 'load' | 'run'): Category {
  if (error.kind !== 'refused') return 'crash';
  const known = refusals.find(([pattern]) => pattern.test(error.message));
  return known ? known[1] : `fail-${step}`;
}
