// What this server calls itself.
import packageJson from '../package.json' with { type: 'json' };

export const serverName = packageJson.name;
export const serverVersion = packageJson.version;
