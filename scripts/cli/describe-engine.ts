// The engine that runs a version and the reason, for `popserve publish` and `popserve show`.
import type { Manifest } from '../../registry/manifest.ts';

/** @returns a sentence without its full stop; null where LiteRT was never considered */
export function describeEngine({ runtime }: Manifest): string | null {
  const { litert, litertRefused } = runtime;
  if (litertRefused !== undefined) return `onnxruntime; not LiteRT: ${litertRefused}`;
  if (litert === undefined) return null;
  const shapes = litert.inputs.map(({ name, shape }) => `${name} [${shape.join(',')}]`).join(', ');
  const asked = litert.chosen === 'by-hand' ? ', chosen by hand' : '';
  return `LiteRT for ${shapes}, ${litert.timesFaster} times as fast as onnxruntime${asked}; onnxruntime for other shapes`;
}
