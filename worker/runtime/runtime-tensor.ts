// A tensor as the session takes and gives it: raw elements of any ONNX type. Stands alone, so that the command can speak of it too.

/** Row-major little-endian elements; strings as one byte array per element, without NUL. */
export interface RuntimeTensor {
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly data: Uint8Array | readonly Uint8Array[];
}
