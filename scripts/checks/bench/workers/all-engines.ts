// Every engine in one isolate: the two that are compared, and popserve's own session layers over both.
import { LiteRtEngine } from './engines/litert-engine.ts';
import { serveEngines } from './engines/serve-engines.ts';
import { SessionEngine } from './engines/session-engine.ts';
import { StockEngine } from './engines/stock-engine.ts';
import { ThinLiteRtEngine } from './engines/thin-litert-engine.ts';

export default serveEngines({
  litert: new LiteRtEngine(),
  thin: new ThinLiteRtEngine(),
  stock: new StockEngine(),
  fast: new SessionEngine('fast'),
  lean: new SessionEngine('lean'),
});
