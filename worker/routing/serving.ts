// What an isolate tells of the route that it serves from.

/** What an isolate serves of a model right now. */
export interface Serving {
  /** 0: no route. */
  readonly epoch: number;
  readonly stable: string | null;
  readonly canary: { readonly version: string; readonly percent: number } | null;
  /** A newer route that this isolate does not take over, and why; null if there is none. */
  readonly held: { readonly epoch: number; readonly reason: string } | null;
}
