// ONNX model files: bytes to a message that can be looked at and edited, and back. What a field means is not checked here: that is
// the runtime's work. Fields that onnx.proto does not list are kept and written back.
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { PopserveError } from '../../registry/errors.ts';
import { nameForeignFormat } from './foreign-format.ts';
import { type GraphProto, type ModelProto, ModelProtoSchema } from './onnx_pb.ts';

export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Reads an ONNX model file.
 *
 * @param bytes the whole file; the model's weights (`rawData`) are views of it, so leave it unchanged while the model is in use
 * @throws UNPROCESSABLE naming what the file is instead, where it is cut off, or that it holds no graph
 * @see https://onnx.ai/onnx/repo-docs/IR.html
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  if (bytes.length === 0) throw new PopserveError('UNPROCESSABLE', 'expected an ONNX model, got an empty file');
  const foreign = nameForeignFormat(bytes);
  if (foreign !== null) throw new PopserveError('UNPROCESSABLE', `expected an ONNX model, got ${foreign}`);
  const model = parse(bytes);
  const { graph } = model;
  if (graph === undefined) {
    throw new PopserveError('UNPROCESSABLE', `expected an ONNX model, got ${bytes.length} bytes without a graph`);
  }
  return Object.assign(model, { graph });
}

/** The bytes of a model file; the same model gives the same bytes. */
export function writeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, model);
}

/** Protobuf's own limit of nested messages is 100, here as in every other reader: a file beyond it is refused, not recursed into. */
function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const found = reason.includes('recursion')
      ? 'subgraphs nested deeper than protobuf allows'
      : 'bytes that do not parse: the file is cut off, damaged or of another format; docs/from-your-framework.md says how to export one';
    throw new PopserveError('UNPROCESSABLE', `expected an ONNX model, got ${found} (${reason})`, { cause });
  }
}
