// Entry of the serving Worker.
import { createApp } from './app.ts';
import { createIsolate, type Isolate } from './isolate.ts';
import { log } from './telemetry/log.ts';

export { ModelTelemetry } from './telemetry/model-telemetry.ts';

let isolate: Isolate | undefined;

function isolateOf(env: Env): Isolate {
  isolate ??= createIsolate(env);
  return isolate;
}

const app = createApp(isolateOf);

export default {
  fetch: app.fetch,

  /** Repairs copies of routes in KV that lag the log in R2. */
  async scheduled(_event, env): Promise<void> {
    const report = await isolateOf(env).registry.repairCopies();
    if (report.repaired.length > 0 || report.failed.length > 0) log('copies-repaired', { ...report });
  },
} satisfies ExportedHandler<Env>;
