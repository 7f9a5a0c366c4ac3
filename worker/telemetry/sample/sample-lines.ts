// Streams a whole sample as JSON lines. It is read from the Durable Object page by page as the client takes it, so that it is
// never in memory as a whole.
import type { TelemetryObject } from '../telemetry-object.ts';
import type { SampleFilter, SamplePlace } from './sample-part.ts';

export function sampleLines(object: DurableObjectStub<TelemetryObject>, filter: SampleFilter): ReadableStream {
  const encoder = new TextEncoder();
  let after: SamplePlace | null = null;
  return new ReadableStream({
    async pull(controller) {
      using page = await object.samplePage(filter, after);
      if (page.lines !== '') controller.enqueue(encoder.encode(page.lines));
      after = page.next === null ? null : { ...page.next };
      if (after === null) controller.close();
    },
  });
}
