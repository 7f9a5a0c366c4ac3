// The places that a Durable Object can be asked to be made in.

/** @see https://developers.cloudflare.com/durable-objects/reference/data-location/#provide-a-location-hint */
export const telemetryLocations = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;

export type TelemetryLocation = (typeof telemetryLocations)[number];
