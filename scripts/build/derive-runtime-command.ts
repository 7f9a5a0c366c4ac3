// `node scripts/build/derive-runtime-command.ts`: what wrangler.toml runs before it bundles, and npm after it installed.
import { deriveCodecs } from './derive-codecs.ts';
import { deriveConsole } from './derive-console.ts';
import { deriveRuntime } from './derive-runtime.ts';

await deriveRuntime();
await deriveCodecs();
await deriveConsole();
