// Every part that reports are made of, with its two sides: how the isolate collects it, and how the Durable Object keeps it.
import type { Counters } from './counters.ts';
import { countsPart } from './counts-part.ts';
import type { DriftCounter } from './drift/drift-counter.ts';
import { driftPart } from './drift/drift-part.ts';
import type { FeedbackCounter } from './feedback/feedback-counter.ts';
import { feedbackPart } from './feedback/feedback-part.ts';
import type { LatencyCounter } from './latency/latency-counter.ts';
import { latencyPart } from './latency/latency-part.ts';
import type { KeptPart, PartName, ReportSources, TelemetryPart } from './report.ts';
import type { InputSampler } from './sample/input-sampler.ts';
import { samplePart } from './sample/sample-part.ts';
import { shadowPart } from './shadow-part.ts';
import type { ShadowTally } from './shadow-tally.ts';

export type TelemetryParts = { readonly [Name in PartName]: TelemetryPart<Name> };

export const telemetryParts: TelemetryParts = {
  counts: countsPart,
  drift: driftPart,
  feedback: feedbackPart,
  latency: latencyPart,
  sample: samplePart,
  shadow: shadowPart,
};

export const keptParts: readonly KeptPart[] = Object.values(telemetryParts);

/** The objects that an isolate collects with. */
export interface Collectors {
  readonly counters: Counters;
  readonly drift: DriftCounter;
  readonly feedback: FeedbackCounter;
  readonly latency: LatencyCounter;
  readonly sampler: InputSampler;
  readonly shadows: ShadowTally;
}

export function reportSources({ counters, drift, feedback, latency, sampler, shadows }: Collectors): ReportSources {
  return {
    counts: (model) => counters.takeDeltas(model) ?? undefined,
    drift: (model) => drift.take(model),
    feedback: (model) => feedback.take(model),
    latency: (model) => latency.take(model),
    sample: (model) => sampler.take(model, drift.region),
    shadow: (model) => shadows.takeDeltas(model) ?? undefined,
  };
}
