// Names of hosts as a Host header has them: for the setting that lists them and for the option that gives it some.

/** A name, an IPv4 address or a bracketed IPv6 address, lower case, as a URL has it and without a port. */
export function isHostName(text: string): boolean {
  const url = URL.parse(`http://${text}/`);
  return url !== null && url.hostname === text && url.host === text;
}
