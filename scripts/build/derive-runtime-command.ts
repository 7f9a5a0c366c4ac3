// `node scripts/build/derive-runtime-command.ts`: what wrangler's files run before they bundle, and npm after it installed.
import { deriveCodecs } from './derive-codecs.ts';
import { deriveConsole } from './derive-console.ts';
import { deriveLiteRt } from './derive-litert.ts';
import { deriveRuntime } from './derive-runtime.ts';

await deriveRuntime();
await deriveLiteRt();
await deriveCodecs();
await deriveConsole();
