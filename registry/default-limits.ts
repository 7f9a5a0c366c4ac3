// The limits of a PoP whose settings say nothing else: the defaults of the Worker, which the command also assumes when it prepares
// a model for PoPs that it cannot ask. docs/settings.md has the settings.
import { mebibyte } from './mebibytes.ts';

export const defaultLimits = {
  /** MEMORY_BUDGET_MIB: the WASM memory of an isolate. With it a body of the largest size fits beside a full heap. */
  memoryBudgetMib: 96,
  /** MAX_BODY_MIB and MAX_INFLATED_MIB: one request's body. */
  bodyMib: 16,
  /** MAX_BODY_SECONDS */
  bodySeconds: 30,
  /** MAX_JSON_MIB: the JSON of one request. */
  jsonMib: 8,
  /** MAX_PIXELS of the pictures of one request together: 12 million would take 49 MB as RGBA, more than an isolate has beside a model. */
  pixels: 4_000_000,
  /** MAX_TEXT_BYTES of the texts of one request together: three times what the longest encoders, of 8192 tokens, take of one text. */
  textBytes: 131_072,
  /** MAX_RECORDS of one request. */
  records: 10_000,
  /** MAX_INPUTS of one request. */
  inputs: 4096,
  /** MAX_ELEMENTS of all inputs of one request together. */
  elements: 16 * mebibyte,
  /** MAX_JSON_DEPTH: four times deeper than any real request or manifest. */
  jsonDepth: 64,
} as const;

/** How an isolate's memory is divided; docs/settings.md has the sum. */
export const isolateMemory = {
  /** The platform ends an isolate at 128 MB. */
  totalMib: 122,
  /** JS memory that the Worker takes without a request. */
  baseMib: 6,
  /** Memory that only calls of the control plane may take. */
  controlMib: 2,
} as const;
