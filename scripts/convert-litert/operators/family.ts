import type { Lowering } from '../lowering.ts';
import type { SourceNode } from '../source-graph.ts';

/** Operators by their ONNX names, and how each is written. @throws Refusal for a form of it that is not covered */
export type Family = Readonly<Record<string, (lowering: Lowering, node: SourceNode) => void>>;
