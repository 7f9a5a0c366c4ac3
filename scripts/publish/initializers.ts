// Weights whose size is not what their shape says. The runtime refuses them too, but does not say which one or why.
import { elementCount } from '../../registry/signature.ts';
import { elementTypeBytes, elementTypeName, stringElementType } from '../../worker/protocol/element-type.ts';
import { unprocessable } from '../inspect/refusal.ts';
import type { GraphProto } from '../onnx/onnx_pb.ts';

/** @throws PopserveError UNPROCESSABLE naming the first weight at fault, what its shape says and what is there */
export function checkInitializers(graph: GraphProto): void {
  for (const { name, dataType, dims, rawData } of graph.initializer) {
    const what = `weight '${name}' is ${elementTypeName(dataType)} [${dims}]`;
    if (dims.some((size) => size < 0n)) throw unprocessable(`${what}: expected no negative dimension`);
    // Kept in one of the typed fields instead.
    if (rawData.length === 0 || dataType === stringElementType) continue;
    const bytes = elementTypeBytes(dataType, elementCount(dims.map(Number)));
    if (bytes > 0 && bytes !== rawData.length) {
      throw unprocessable(`${what}: expected ${bytes} bytes, the file has ${rawData.length}`);
    }
  }
}
