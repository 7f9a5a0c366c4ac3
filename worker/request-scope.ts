/** The part of a request's context that work behind it may use. */
export interface RequestScope {
  waitUntil(promise: Promise<unknown>): void;
}
