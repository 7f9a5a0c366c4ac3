// The inspection Worker: the runtime and build of the serving Worker, in a workerd of its own on the operator's machine, never deployed.
import { inspectionApp } from './inspection-app.ts';
import { onnxruntime } from './onnxruntime-engine.ts';

export default inspectionApp({ onnxruntime });
