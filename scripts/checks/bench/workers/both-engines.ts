// A Worker with both engines in one isolate.
import { LiteRtEngine } from './engines/litert-engine.ts';
import { serveEngines } from './engines/serve-engines.ts';
import { StockEngine } from './engines/stock-engine.ts';

export default serveEngines({ litert: new LiteRtEngine(), stock: new StockEngine() });
