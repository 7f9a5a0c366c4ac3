// The shadow: behind the answer a candidate runs on a sample of what stable has answered. The two are compared, and the
// candidate's outputs go nowhere else.
import type { Manifest } from '../../registry/manifest.ts';
import { areComparable } from '../../registry/randomness.ts';
import type { Isolate } from '../isolate.ts';
import { binaryByteLength } from '../protocol/binary.ts';
import type { RunRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import type { Account } from '../runtime/ledger.ts';
import { nextTurn } from '../runtime/next-turn.ts';
import { type Comparison, compareOutputs } from '../telemetry/compare-outputs.ts';
import { runChecked, Timing } from './run-checked.ts';

/** Each holds a request and an answer in memory until it has run. */
const mostAtOnce = 4;

/**
 * Whether this request is one of the sample: then its outputs are copied for {@link runShadow}. Answers of a model that draws random
 * numbers are none: another answer of the candidate would say nothing.
 */
export function isSampled({ manifest, shadow }: Resolved): boolean {
  return shadow !== null && areComparable(manifest, shadow.manifest) && Math.random() * 100 < shadow.percent;
}

/** Copies outputs that lie in the heap. @returns null where there is no room for copies now */
export function copyTensors(tensors: readonly Tensor[], account: Account): Tensor[] | null {
  if (
    !account.tryTake(
      'shadows',
      tensors.reduce((sum, { data }) => sum + binaryByteLength(data), 0),
    )
  )
    return null;
  return tensors.map((tensor) => ({
    ...tensor,
    data: tensor.data instanceof Uint8Array ? tensor.data.slice() : tensor.data.map((string) => string.slice()),
  }));
}

/**
 * Holds the request, and the copies, in memory until the candidate has run.
 * @param outputs what stable answered, as copies; null where there was no room for them
 */
export function runShadow(
  isolate: Isolate,
  { manifest: stable, epoch, shadow }: Resolved,
  { request, outputs }: { request: RunRequest; outputs: readonly Tensor[] | null },
  { scope, account }: { readonly scope: RequestScope; readonly account: Account },
): void {
  if (shadow === null) return;
  const { models, shadows } = isolate;
  const candidate = shadow.manifest;
  const pair = { stable: stable.version, candidate: candidate.version, epoch };
  // The candidate never takes the room that stable needs.
  if (outputs === null || shadows.running >= mostAtOnce || !models.fitsBeside(candidate, [stable])) {
    account.give('shadows');
    shadows.tally.skipped(stable.model, pair);
    return;
  }
  account.move('bodies', 'shadows');
  account.move('decoded', 'shadows');
  shadows.running += 1;
  scope.waitUntil(
    compareWith(isolate, { stable, candidate }, request, outputs, scope)
      .then((comparison) => shadows.tally.compared(stable.model, pair, comparison))
      .catch(() => shadows.tally.failed(stable.model, pair))
      .finally(() => {
        shadows.running -= 1;
        account.give('shadows');
      }),
  );
}

async function compareWith(
  { models }: Isolate,
  { stable, candidate }: { stable: Manifest; candidate: Manifest },
  request: RunRequest,
  outputs: readonly Tensor[],
  scope: RequestScope,
): Promise<Comparison> {
  // A run holds up the isolate: the answer goes out first.
  await nextTurn();
  const run = { manifest: candidate, request, names: outputs.map(({ name }) => name), timing: new Timing() };
  return await runChecked(models, run, scope, (own) => compareOutputs(outputs, own, stable));
}
