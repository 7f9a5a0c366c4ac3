// Entry of the serving Worker.
import { createApp } from './app.ts';
import { createIsolate, type Isolate } from './isolate.ts';
import { log } from './logging/log.ts';

export { ModelTelemetry } from './model-telemetry.ts';

let isolate: Isolate | undefined;

function isolateOf(env: Env): Isolate {
  isolate ??= createIsolate(env);
  return isolate;
}

const app = createApp(isolateOf);

export default {
  fetch: app.fetch,

  /** Repairs what a process that ended half-way left behind: copies of routes in KV that lag the log in R2, lost retirements. */
  async scheduled(_event, env): Promise<void> {
    const report = await isolateOf(env).registry.repair();
    if (Object.values(report).some(({ length }) => length > 0)) log('registry-repaired', { ...report });
  },
} satisfies ExportedHandler<Env>;
