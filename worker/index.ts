// Entry of the serving Worker.
import { env as variables } from 'cloudflare:workers';
import { createApp } from './app.ts';
import { readEnv } from './bindings.ts';
import { createIsolate, type Isolate } from './isolate.ts';
import { log } from './logging/log.ts';
import { EarlyHeap } from './runtime/early-heap.ts';

export { ModelTelemetry } from './model-telemetry.ts';

let isolate: Isolate | undefined;
const early = beginHeap();

function isolateOf(env: Env): Isolate {
  isolate ??= createIsolate(env, early);
  return isolate;
}

/** In the global scope, which the platform runs before a request is there. Wrong settings are the first request's to tell. */
function beginHeap(): EarlyHeap | null {
  try {
    return new EarlyHeap(readEnv(variables as Env).config.memoryBudgetBytes);
  } catch {
    return null;
  }
}

const fetch = createApp(isolateOf);

export default {
  fetch,

  /** Repairs what a process that ended half-way left behind: copies of routes in KV that lag the log in R2, lost retirements. */
  async scheduled(_event, env): Promise<void> {
    const report = await isolateOf(env).registry.repair();
    if (Object.values(report).some(({ length }) => length > 0)) log('registry-repaired', { ...report });
  },
} satisfies ExportedHandler<Env>;
