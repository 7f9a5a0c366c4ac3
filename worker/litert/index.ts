// Entry of the Worker that runs LiteRT, the second engine. Nobody reaches it but the serving Worker, by its binding LITERT.
import { answer } from './app.ts';
import { createEngine, type Engine } from './engine.ts';

interface LitertEnv {
  /** The serving Worker's own bucket. */
  readonly MODELS: R2Bucket;
}

let engine: Engine | undefined;

export default {
  async fetch(request, env, context): Promise<Response> {
    return await answer(
      request,
      () => {
        engine ??= createEngine(env.MODELS, env);
        return engine;
      },
      context,
    );
  },
} satisfies ExportedHandler<LitertEnv>;
