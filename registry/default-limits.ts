// The limits of a PoP whose settings say nothing else: the defaults of the Worker, which the command also assumes when it prepares
// a model for PoPs that it cannot ask. docs/settings.md has the settings.
import { mebibyte } from './mebibytes.ts';

export const defaultLimits = {
  /** MEMORY_BUDGET_MIB: the WASM memory of an isolate. */
  memoryBudgetMib: 104,
  /** MAX_BODY_MIB and MAX_INFLATED_MIB: one request's body. */
  bodyMib: 32,
  /** MAX_JSON_MIB: the JSON of one request. */
  jsonMib: 8,
  /** MAX_RECORDS of one request. */
  records: 10_000,
  /** MAX_INPUTS of one request. */
  inputs: 4096,
  /** MAX_ELEMENTS of all inputs of one request together. */
  elements: 16 * mebibyte,
  /** MAX_JSON_DEPTH: four times deeper than any real request or manifest. */
  jsonDepth: 64,
} as const;
