// Numbers of bytes in mebibytes, for settings and for people.

export const mebibyte = 1_048_576;

/** @returns for example `12.5 MiB` */
export function mebibytes(bytes: number, digits = 1): string {
  return `${(bytes / mebibyte).toFixed(digits)} MiB`;
}
