// `node scripts/build/derive-runtime-command.ts`: what wrangler.toml runs before it bundles, and npm after it installed.
import { deriveRuntime } from './derive-runtime.ts';

await deriveRuntime();
