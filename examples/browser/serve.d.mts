/** @param port 0 for any free one */
export function servePage(port: number): Promise<{ url: string; stop(): Promise<void> }>;
