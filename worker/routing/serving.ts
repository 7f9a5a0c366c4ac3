// What an isolate reports of the route that it serves from.

/** The route of a model that an isolate serves from right now. */
export interface Serving {
  /** 0: no route. */
  readonly epoch: number;
  readonly stable: string | null;
  readonly canary: { readonly version: string; readonly percent: number } | null;
  /** A newer route that this isolate holds back, and why; null if there is none. */
  readonly held: { readonly epoch: number; readonly reason: string } | null;
}
