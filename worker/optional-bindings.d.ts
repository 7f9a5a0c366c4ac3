// Bindings that a Worker may be deployed without, so that wrangler.toml need not name them.
interface Env {
  /** The Worker of the second engine: docs/engines.md. */
  readonly LITERT?: Fetcher;
}
