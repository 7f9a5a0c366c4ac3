// The shadow: behind the answer a candidate runs on a sample of what stable has answered. The two are compared, and the
// candidate's outputs go nowhere else.
import type { Manifest } from '../../registry/manifest.ts';
import type { Isolate } from '../isolate.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import { nextTurn } from '../runtime/next-turn.ts';
import { type Comparison, compareOutputs } from '../telemetry/compare-outputs.ts';
import { runChecked, Timing } from './run-checked.ts';

/** Each holds a request and an answer in memory until it has run. */
const mostAtOnce = 4;

/** Whether this request is one of the sample: then its outputs are copied for {@link runShadow}. */
export function isSampled({ shadow }: Resolved): boolean {
  return shadow !== null && Math.random() * 100 < shadow.percent;
}

/** Copies of outputs that lie in the heap. */
export function copyTensors(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((tensor) => ({
    ...tensor,
    data: tensor.data instanceof Uint8Array ? tensor.data.slice() : tensor.data.map((string) => string.slice()),
  }));
}

/** @param outputs what stable answered, as copies */
export function runShadow(
  isolate: Isolate,
  { manifest: stable, epoch, shadow }: Resolved,
  { request, outputs }: { request: InferRequest; outputs: readonly Tensor[] },
  scope: RequestScope,
): void {
  if (shadow === null) return;
  const { models, shadows } = isolate;
  const candidate = shadow.manifest;
  const pair = { stable: stable.version, candidate: candidate.version, epoch };
  // The candidate never takes the room that stable needs.
  if (shadows.running >= mostAtOnce || !models.fitsBeside(candidate, [stable])) {
    shadows.tally.skipped(stable.model, pair);
    return;
  }
  shadows.running += 1;
  scope.waitUntil(
    compareWith(isolate, { stable, candidate }, request, outputs, scope)
      .then((comparison) => shadows.tally.compared(stable.model, pair, comparison))
      .catch(() => shadows.tally.failed(stable.model, pair))
      .finally(() => {
        shadows.running -= 1;
      }),
  );
}

async function compareWith(
  { models }: Isolate,
  { stable, candidate }: { stable: Manifest; candidate: Manifest },
  request: InferRequest,
  outputs: readonly Tensor[],
  scope: RequestScope,
): Promise<Comparison> {
  // A run holds up the isolate: the answer goes out first.
  await nextTurn();
  const run = { manifest: candidate, request, names: outputs.map(({ name }) => name), timing: new Timing() };
  return await runChecked(models, run, scope, (own) => compareOutputs(outputs, own, stable));
}
