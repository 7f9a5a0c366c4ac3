// The claims that the story must fulfil. The command fails where one does not hold, and so does the test: both take them from here.
import { changing, regions } from './plan.ts';
import type { Story } from './story.ts';

export interface Claim {
  readonly text: string;
  readonly holds: boolean;
  /** The finding, in numbers. */
  readonly found: string;
}

/** By how much version 2 has to be better where the readings changed. */
const leastGainF1 = 0.1;
/** Most that version 2 may lose elsewhere; differences below are of the sample. */
const mostLoss = { accuracy: 0.005, rocAuc: 0.02 };

export function claimsOf(story: Story): Claim[] {
  return [...driftClaims(story), ...gateClaims(story), ...rolloutClaims(story), ...gainClaims(story)];
}

function driftClaims({
  answers,
  failures,
  requested,
  resolved,
  changedMs,
  drifted,
  windows,
  settings,
}: Story): Claim[] {
  const there = [`pop:${changing.pop}`, `region:${changing.region}`];
  const elsewhere = windows.filter(({ place }) => place !== 'global' && !there.includes(place));
  const early = windows.filter(({ toMs }) => toMs <= changedMs);
  const isPast = ({ past }: { past: readonly string[] }) => past.length > 0;
  const { features, places } = requested.body.data as unknown as RetrainRequested;
  const named = places.find(({ place }) => there.includes(place))?.features ?? [];
  const psi = named.flatMap(({ feature, statistics }) => (statistics.psi ? [{ feature, ...statistics.psi }] : []));
  return [
    {
      text: 'every request of a device is answered',
      holds: failures.length === 0 && answers.length > 0,
      found: `${answers.length} answered, ${failures.length} not${failures[0] === undefined ? '' : `: ${failures[0]}`}`,
    },
    {
      text: 'nothing drifts before the readings change',
      holds: Date.parse(requested.body.timestamp) > changedMs && early.length > 0,
      found: `${early.filter(isPast).length} of ${early.length} judged windows past a threshold`,
    },
    {
      text: `drift is seen in ${changing.city}, and in no other region`,
      holds:
        there.every((place) => drifted.includes(place)) &&
        drifted.every((place) => [...there, 'global'].includes(place)) &&
        longestRun(elsewhere) < settings.windows,
      found: `drifting: ${drifted.join(', ')}; elsewhere ${elsewhere.filter(isPast).length} of ${elsewhere.length} windows past a threshold`,
    },
    {
      text: 'the signal arrives, is signed, and names where, what and how much',
      holds:
        requested.signed &&
        features.includes('air_temperature') &&
        psi.some(({ feature, value, threshold }) => feature === 'air_temperature' && value > threshold),
      found: psi.map(({ feature, value }) => `${feature} PSI ${value.toFixed(2)}`).join(', '),
    },
    {
      text: 'the alarm ends when version 1 is no longer served',
      holds:
        resolved.signed && resolved.body.data.requested === requested.id && resolved.body.data.reason === 'superseded',
      found: `drift.resolved, reason ${String(resolved.body.data.reason)}`,
    },
  ];
}

/** The most windows in a row at one place that are past a threshold. @param windows by place and time */
function longestRun(windows: Story['windows']): number {
  let [run, longest] = [0, 0];
  for (const [index, { place, past }] of windows.entries()) {
    if (windows[index - 1]?.place !== place) run = 0;
    run = past.length > 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

interface RetrainRequested {
  readonly features: readonly string[];
  readonly places: readonly {
    readonly place: string;
    readonly features: readonly {
      readonly feature: string;
      readonly statistics: { readonly psi?: { readonly value: number; readonly threshold: number } };
    }[];
  }[];
}

function gateClaims({ first, refused, second }: Story): Claim[] {
  const { stable, requirements } = second.evaluation.gate;
  const [old, own] = [stable?.metrics, second.evaluation.metrics];
  return [
    {
      text: 'version 1 passes the gate, and native onnxruntime answers the same',
      holds: first.evaluation.native?.agrees === true && first.evaluation.gate.forced === undefined,
      found: `ROC AUC ${shown(first.evaluation.metrics.roc_auc)}, F1 ${shown(first.evaluation.metrics.f1)}`,
    },
    {
      text: 'a model that knows the new readings alone is refused as worse than version 1',
      holds: refused.failures.some((failure) => failure.includes('version 1 has')),
      found: refused.failures.at(-1) ?? 'not refused',
    },
    {
      text: 'version 2 passes the gate against version 1',
      holds: stable?.version === '1' && second.evaluation.native?.agrees === true && requirements.length > 0,
      found: `ROC AUC ${shown(old?.roc_auc)} → ${shown(own.roc_auc)}, F1 ${shown(old?.f1)} → ${shown(own.f1)}`,
    },
  ];
}

function rolloutClaims({ plan, canary, shadow, propagation }: Story): Claim[] {
  const share = canary.canaryDevices / canary.devices;
  const last = propagation.at(-1);
  return [
    {
      text: 'the truth that the maintenance tells shows how right each side is in each region',
      holds: canary.arms.every(({ requests, accuracy }) => requests === 0 || accuracy !== null),
      found: canary.arms
        .map(
          ({ region, version, accuracy }) =>
            `${region.city} ${version} ${accuracy === null ? 'unknown' : shown(accuracy)}`,
        )
        .join(', '),
    },
    {
      text: 'the canary has some 5 % of the devices, and each stays on its side',
      holds: canary.strays.length === 0 && share > 0.01 && share < 0.12,
      found: `${canary.canaryDevices} of ${canary.devices} devices, ${canary.strays.length} changed sides`,
    },
    {
      text: 'version 2 is compared with version 1 in shadow, without an error',
      holds: shadow.compared >= plan.shadowRequests && shadow.errors === 0 && shadow.disagreements > 0,
      found: `${shadow.compared} compared, ${shadow.disagreements} decide otherwise, ${shadow.errors} errors`,
    },
    {
      text: 'every PoP serves version 2 after it is promoted',
      holds:
        last?.reachedMs.every((ms) => ms !== null) === true && Object.keys(last.answeredMs).length === regions.length,
      found: `50, 90 and 100 % after ${last?.reachedMs.join(', ')} ms`,
    },
  ];
}

function gainClaims({ heldOut }: Story): Claim[] {
  return heldOut.map(({ region, before, after }) => {
    const [old, own] = [before.evaluation, after.evaluation];
    const found = `F1 ${shown(old.f1)} → ${shown(own.f1)}, accuracy ${shown(old.accuracy)} → ${shown(own.accuracy)}`;
    if (region.pop === changing.pop) {
      const holds = own.f1 >= old.f1 + leastGainF1 && own.accuracy > old.accuracy;
      return { text: `version 2 is better in ${region.city}, on readings that nobody learned from`, holds, found };
    }
    const holds = own.accuracy >= old.accuracy - mostLoss.accuracy && own.rocAuc >= old.rocAuc - mostLoss.rocAuc;
    return { text: `version 2 is no worse in ${region.city}`, holds, found };
  });
}

function shown(value: number | undefined): string {
  return value === undefined ? 'none' : value.toFixed(3);
}
