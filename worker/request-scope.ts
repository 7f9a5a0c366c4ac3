/** What a request lends to work that outlives it. */
export interface RequestScope {
  waitUntil(promise: Promise<unknown>): void;
}
