// Drift of a model as its Durable Object tells it, and the baselines of places that operators change. A name is known for a model's
// before its object is reached: the platform would make an object for any name.
import type { BaselineAction, DriftHistory, ModelDrift, PlaceBaseline } from '../../registry/api/drift.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Isolate } from '../isolate.ts';
import type { Operator } from './release.ts';
import type { Part } from './reports.ts';

type Reported = Pick<Isolate, 'registry' | 'telemetry'>;

/** How far live values have moved from the baseline. @throws PopserveError NOT_FOUND */
export async function reportedDrift({ registry, telemetry }: Reported, model: string, part: Part): Promise<ModelDrift> {
  await registry.requireModel(model);
  using status = await telemetry.object(model).drift(part);
  return { model, settings: status.settings, versions: status.versions, events: status.events };
}

/** How one place of one version moved. @throws PopserveError NOT_FOUND */
export async function driftHistory(
  { registry, telemetry }: Reported,
  model: string,
  asked: { version: string; place: string; feature?: string },
): Promise<DriftHistory> {
  await registry.requireModel(model);
  using history = await telemetry.object(model).driftHistory(model, asked);
  if (history !== null) return structuredClone({ model, ...history });
  throw new PopserveError('NOT_FOUND', `nothing was counted for version ${asked.version} of ${model} yet`);
}

/** @throws PopserveError NOT_FOUND for an unknown model; CONFLICT where there is nothing to accept or to withdraw */
export async function changeBaseline(
  { registry, telemetry }: Reported,
  model: string,
  action: BaselineAction,
  operator: Operator,
): Promise<PlaceBaseline> {
  await registry.requireModel(model);
  const { version, place, reason } = action;
  const answer = telemetry.object(model).changeBaseline(model, { ...action, actor: operator.actor });
  using changed = await answer;
  if ('refusal' in changed) throw new PopserveError('CONFLICT', changed.refusal);
  operator.note(action.action === 'accept' ? 'baseline accepted' : 'baseline withdrawn', {
    model,
    version,
    place,
    reason,
  });
  return { model, version, place, accepted: changed.accepted === null ? null : { ...changed.accepted } };
}
