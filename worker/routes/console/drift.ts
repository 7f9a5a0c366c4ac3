// The page about drift of a model, and the acceptance of a place's values as its usual.
import type { Context } from 'hono';
import * as z from 'zod';
import { baselineActionSchema, placeSchema, type VersionDrift } from '../../../registry/api/drift.ts';
import { versionSchema } from '../../../registry/names.ts';
import { parse } from '../../../registry/parse.ts';
import type { AppContext } from '../../http/app-context.ts';
import { modelOf } from '../../http/registry-request.ts';
import { operatorOf } from '../../middleware/audit.ts';
import { changeBaseline, driftHistory, reportedDrift } from '../../models/drift.ts';
import { answerPage, frameOf } from './answer-page.ts';

const querySchema = z.object({
  version: versionSchema.exactOptional(),
  place: placeSchema.exactOptional(),
  feature: z.string().min(1).max(1000).exactOptional(),
});

export async function showDrift(c: Context<AppContext>) {
  const { version, place, feature } = parse(querySchema, c.req.query(), 'query');
  const model = modelOf(c);
  const { isolate } = c.var;
  const [drift, route] = await Promise.all([reportedDrift(isolate, model, {}), isolate.registry.routeOf(model)]);
  const asked = version ?? route?.aliases.stable;
  const shown = drift.versions.find((each) => each.version === asked) ?? drift.versions[0] ?? null;
  const drawn = feature ?? farthestFeature(shown, place);
  const of = { ...(drawn === undefined ? {} : { feature: drawn }) };
  const history =
    shown === null || place === undefined
      ? null
      : await driftHistory(isolate, model, { version: shown.version, place, ...of });
  const { driftScreen } = await import('../../console/screens/drift.tsx');
  return answerPage(c, driftScreen(await frameOf(c), { drift, shown, history }));
}

/** The histogram that a place is opened with is that of the feature which is farthest from its baseline. */
function farthestFeature(shown: VersionDrift | null, place: string | undefined): string | undefined {
  const features = shown?.places.find((each) => each.place === place)?.window?.features ?? [];
  return [...features].sort((a, b) => b.psi - a.psi)[0]?.feature;
}

export async function showBaselineChange(c: Context<AppContext>) {
  const change = parse(baselineActionSchema, c.req.query(), 'query');
  const { baselineScreen } = await import('../../console/screens/drift.tsx');
  const { action, version, place } = change;
  return answerPage(c, baselineScreen(await frameOf(c), modelOf(c), { action, version, place }));
}

const formSchema = z.object({ csrf: z.string(), reason: z.string().trim().min(1).max(1000) }).loose();

export async function makeBaselineChange(c: Context<AppContext>) {
  const { csrf: _, ...fields } = parse(formSchema, await c.req.parseBody(), 'the form');
  const action = parse(baselineActionSchema, fields, 'the form');
  const model = modelOf(c);
  await changeBaseline(c.var.isolate, model, action, operatorOf(c));
  const { version, place } = action;
  return c.redirect(`/console/models/${model}/drift?${new URLSearchParams({ version, place })}#place`, 303);
}
