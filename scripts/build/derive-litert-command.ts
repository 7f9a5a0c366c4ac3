// A project's wrangler.litert.toml runs this before it bundles: `node --import popserve/litert-module --eval 0`. The module comes from
// the project's own @litertjs/core, because it would double the package for everybody who does without it.
import { deriveLiteRt } from './derive-litert.ts';

await deriveLiteRt();
