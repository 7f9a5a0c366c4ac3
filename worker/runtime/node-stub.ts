// Stands in for `module` and `worker_threads`, which the ORT glue imports only when it finds itself on Node.
// An isolate without nodejs_compat is not Node to it, so none of this is ever read (aliased in wrangler.toml).
export const createRequire = undefined;
export const workerData = undefined;
