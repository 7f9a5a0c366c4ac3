// A Worker with onnxruntime-web alone: what a Worker pays that never needs the second engine is told against it.
import { serveEngines } from './engines/serve-engines.ts';
import { StockEngine } from './engines/stock-engine.ts';

export default serveEngines({ stock: new StockEngine() });
