// Every engine in one isolate: the two that are compared, LiteRT.js with a thinner layer, and popserve's own session layer.
import { LiteRtEngine } from './engines/litert-engine.ts';
import { serveEngines } from './engines/serve-engines.ts';
import { SessionEngine } from './engines/session-engine.ts';
import { StockEngine } from './engines/stock-engine.ts';
import { ThinLiteRtEngine } from './engines/thin-litert-engine.ts';

const litert = new LiteRtEngine();

export default serveEngines({
  litert,
  thin: new ThinLiteRtEngine(litert),
  stock: new StockEngine(),
  fast: new SessionEngine('fast'),
  lean: new SessionEngine('lean'),
});
