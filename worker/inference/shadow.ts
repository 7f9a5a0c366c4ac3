// The shadow: behind the answer a candidate runs on a sample of what stable has answered. The two are compared, and the
// candidate's outputs go nowhere else.
import { areComparable } from '../../registry/randomness.ts';
import type { Isolate } from '../isolate.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import { fitsBeside } from '../runtime/engines.ts';
import type { Account } from '../runtime/ledger.ts';
import { nextTurn } from '../runtime/next-turn.ts';
import type { ShadowQuestion } from './shadow-question.ts';

/** Each holds a request and an answer in memory until it has run. */
const mostAtOnce = 4;

/**
 * Whether this request is one of the sample: then a question to the candidate is kept for {@link runShadow}. Answers of a model that
 * draws random numbers are none: another answer of the candidate would say nothing.
 */
export function isSampled({ manifest, shadow }: Resolved): boolean {
  return shadow !== null && areComparable(manifest, shadow.manifest) && Math.random() * 100 < shadow.percent;
}

/**
 * Holds what was sent, and what stable answered, in memory until the candidate has run.
 * @param question null where there was no room for it
 */
export function runShadow(
  isolate: Isolate,
  { manifest: stable, epoch, shadow }: Resolved,
  question: ShadowQuestion | null,
  { scope, account }: { readonly scope: RequestScope; readonly account: Account },
): void {
  if (shadow === null) return;
  const { shadows, ledger } = isolate;
  const candidate = shadow.manifest;
  const pair = { stable: stable.version, candidate: candidate.version, epoch };
  const fits = question?.fits(candidate) === true;
  // The candidate never takes the room that stable needs.
  if (question === null || !fits || shadows.running >= mostAtOnce || !fitsBeside(isolate, candidate, [stable])) {
    account.give('shadows');
    shadows.tally.skipped(stable.model, pair);
    return;
  }
  account.move('bodies', 'shadows');
  account.move('decoded', 'shadows');
  shadows.running += 1;
  // The request's own account gives back what it holds as soon as it is answered.
  const own = ledger.open(account.caller);
  scope.waitUntil(
    // A run holds up the isolate: the answer goes out first.
    nextTurn()
      .then(() => question.compare(isolate, candidate, { account: own, scope }))
      .then((comparison) => shadows.tally.compared(stable.model, pair, comparison))
      .catch(() => {
        // Pictures that find no room to be prepared in again are no fault of the candidate's.
        if (own.wasRefused) shadows.tally.skipped(stable.model, pair);
        else shadows.tally.failed(stable.model, pair);
      })
      .finally(() => {
        shadows.running -= 1;
        own.close();
        account.give('shadows');
      }),
  );
}
