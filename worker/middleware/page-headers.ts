// A browser may do little with the pages that the Worker serves: run the page's own scripts and call the Worker, nothing else.
import { NONCE, secureHeaders } from 'hono/secure-headers';

/**
 * For what browsers show as a page, and for errors in its place. Scripts and styles stand in the page and carry the request's
 * nonce, which handlers find in the context as `secureHeadersNonce`.
 * @see https://www.w3.org/TR/CSP3/
 */
export const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [NONCE],
    styleSrc: [NONCE],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    // Pictures that a person chooses to send, and an icon without a file.
    imgSrc: ["'self'", 'data:', 'blob:'],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
  strictTransportSecurity: 'max-age=31536000',
  // Headers of browsers that are gone.
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
});
