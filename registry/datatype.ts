// The datatypes of tensors, apart from the schemas, so that the client for browsers does not carry those.

/** Bytes of one element in memory and on the wire; BYTES elements have a length of their own. */
export const elementBytes = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
  BF16: 2,
  BYTES: 0,
} as const;

export type Datatype = keyof typeof elementBytes;
