// Errors of the heap. They have a file of their own, so that code which only tells them apart does not load the WASM module.

/** An allocation did not fit under the heap's limit. The heap itself is intact. */
export class HeapFullError extends Error {
  override readonly name: string = 'HeapFullError';
}

/** It would have fitted under the limit: requests hold the memory for the moment. Unloading models does not help. */
export class HeapLentError extends HeapFullError {
  override readonly name = 'HeapLentError';
}

/** The module aborted or trapped: its memory can no longer be trusted and nothing may be called in it again. */
export class HeapBrokenError extends Error {
  override readonly name = 'HeapBrokenError';
}

/** The heap was replaced while a model was being loaded into it. */
export class HeapReplacedError extends Error {
  override readonly name = 'HeapReplacedError';
}

/** The runtime refused a call, for what it was called with: a model or an input. The heap is intact. */
export class RefusedError extends Error {
  override readonly name: string = 'RefusedError';
}

/** onnxruntime refused a call, with its own code and message (onnxruntime_c_api.h, OrtErrorCode). */
export class OrtError extends RefusedError {
  override readonly name = 'OrtError';
  readonly ortCode: number;
  constructor(ortCode: number, message: string) {
    super(message);
    this.ortCode = ortCode;
  }
}
