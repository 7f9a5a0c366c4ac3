// Streams a whole sample as JSON lines. It is read from the Durable Object page by page as the client takes it, so that it is
// never in memory as a whole.
import type { TelemetryObject } from '../telemetry-object.ts';
import type { SampleFilter, SamplePage } from './sample-part.ts';

/** @param first the page that the counts came with */
export function sampleLines(
  object: DurableObjectStub<TelemetryObject>,
  filter: SampleFilter,
  first: SamplePage,
): ReadableStream {
  const encoder = new TextEncoder();
  let after = first.next;
  return new ReadableStream({
    start(controller) {
      if (first.lines !== '') controller.enqueue(encoder.encode(first.lines));
      if (after === null) controller.close();
    },
    async pull(controller) {
      if (after === null) return;
      using page = await object.samplePage(filter, after);
      if (page.lines !== '') controller.enqueue(encoder.encode(page.lines));
      after = page.next === null ? null : { ...page.next };
      if (after === null) controller.close();
    },
  });
}
