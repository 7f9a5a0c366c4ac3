// Stands in for `module` and `worker_threads`, which the ORT glue imports only when it finds itself on Node.
// It does not take an isolate without nodejs_compat for Node, so none of this is ever read (aliased in wrangler.tools.toml).
export const createRequire = undefined;
export const workerData = undefined;
