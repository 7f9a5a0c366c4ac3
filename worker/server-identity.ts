// The name and version under which this server presents itself.
import packageJson from '../package.json' with { type: 'json' };

export const serverName = packageJson.name;
export const serverVersion = packageJson.version;
