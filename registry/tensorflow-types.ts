// Datatypes by their names in tensorflow/core/framework/types.proto.
import type { Datatype } from './signature.ts';

export const tensorflowTypes = {
  BOOL: 'DT_BOOL',
  UINT8: 'DT_UINT8',
  UINT16: 'DT_UINT16',
  UINT32: 'DT_UINT32',
  UINT64: 'DT_UINT64',
  INT8: 'DT_INT8',
  INT16: 'DT_INT16',
  INT32: 'DT_INT32',
  INT64: 'DT_INT64',
  FP16: 'DT_HALF',
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  BF16: 'DT_BFLOAT16',
  BYTES: 'DT_STRING',
} as const satisfies Record<Datatype, string>;
