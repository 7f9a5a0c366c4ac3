// Float16Array as a name of the modules that esbuild injects this into: the platform's, or where it has none (Node 22, browsers of
// 2024) one in JavaScript. It is not put in the place of the platform's, because onnxruntime takes that for a sign of its own.
import { Float16Array as ScriptedFloat16Array } from '@petamoriken/float16';

const { Float16Array: platformFloat16Array } = globalThis as { Float16Array?: unknown };

const HalfArray = platformFloat16Array ?? ScriptedFloat16Array;

export { HalfArray as Float16Array };
