// Two versions of a model side by side: their manifests, what was reported of each, how the one did as shadow of the other, and what
// the second would break for callers of the first.
import type { ShadowReport } from '../../registry/api/shadow.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import { contractBreaks, describeBreak } from '../../registry/contract/breaks.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Isolate } from '../isolate.ts';
import { readReport } from '../telemetry/model-report.ts';

export interface Comparison {
  readonly model: string;
  readonly names: readonly string[];
  /** Null where there are no two versions. */
  readonly pair: {
    readonly left: Manifest;
    readonly right: Manifest;
    readonly breaks: readonly string[];
    readonly shadow: ShadowReport | null;
  } | null;
  readonly status: TelemetryStatus | null;
}

/**
 * @param asked the versions; by default what is served, and the candidate or the last published one
 * @throws {PopserveError} NOT_FOUND
 */
export async function comparisonOf(
  { registry, telemetry }: Pick<Isolate, 'registry' | 'telemetry'>,
  model: string,
  asked: { readonly left?: string; readonly right?: string },
): Promise<Comparison> {
  const [{ route, versions }, { told }] = await Promise.all([registry.showModel(model), readReport(telemetry, model)]);
  const names = versions.map(({ version }) => version);
  const left = asked.left ?? route?.aliases.stable ?? names[1];
  const candidate = route?.rollout?.version ?? route?.shadow?.version ?? names[0];
  const right = asked.right ?? [candidate, ...names].find((name) => name !== undefined && name !== left);
  const status = told?.status ?? null;
  if (left === undefined || right === undefined) return { model, names, pair: null, status };
  const [one, other] = await Promise.all([registry.getManifest(model, left), registry.getManifest(model, right)]);
  const breaks = contractBreaks(one, other).map(describeBreak);
  return {
    model,
    names,
    pair: { left: one, right: other, breaks, shadow: await shadowOf(telemetry, model, left, right) },
    status,
  };
}

async function shadowOf(
  telemetry: Isolate['telemetry'],
  model: string,
  stable: string,
  candidate: string,
): Promise<ShadowReport | null> {
  try {
    using pairs = await telemetry.object(model).shadow();
    const found = pairs.find((pair) => pair.stable === stable && pair.candidate === candidate);
    return found === undefined ? null : { ...found };
  } catch {
    // An object that does not answer leaves a gap instead of failing the page.
    return null;
  }
}
