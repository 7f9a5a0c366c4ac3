// Every part that reports are made of, as the Durable Object keeps them. The isolate's sources of the same names are listed in
// worker/isolate.ts.
import { countsPart } from './counts-part.ts';
import { driftPart } from './drift/drift-part.ts';
import type { TelemetryPart } from './report.ts';
import { samplePart } from './sample/sample-part.ts';
import { shadowPart } from './shadow-part.ts';

export const telemetryParts: readonly TelemetryPart[] = [countsPart, driftPart, samplePart, shadowPart];
