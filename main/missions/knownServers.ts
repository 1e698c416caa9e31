import { join } from 'node:path';
import { claudeJsonPath, projectKey, readClientJson } from './claudeJson.ts';
import { isObject, type JsonObject } from './followUser.ts';

/**
 * Whether a session would know an MCP server by its name: from the user's scope, from the scope of its
 * folder, or from the folder's own `.mcp.json`. Those of plugins are not looked up.
 * @param workDir the session's working directory, or `null` where it has none of its own
 * @param missionsFolder below which nothing is read through a link
 */
export function configuresServer(
  configDir: string,
  workDir: string | null,
  name: string,
  missionsFolder?: string,
): boolean {
  const readQuietly = (path: string) => readOrNothing(path, missionsFolder);
  const user = readQuietly(claudeJsonPath(configDir));
  const folders = isObject(user.projects) ? user.projects : {};
  const local = workDir === null ? undefined : folders[projectKey(workDir)];
  const project = workDir === null ? {} : readQuietly(join(workDir, '.mcp.json'));
  return [user, local, project].some((place) => {
    const servers = isObject(place) ? place.mcpServers : undefined;
    return isObject(servers) && Object.hasOwn(servers, name);
  });
}

/** A file that cannot be used names no server; the client itself will say what is wrong with it. */
function readOrNothing(path: string, below: string | undefined): JsonObject {
  const read = readClientJson(path, () => undefined, { below });
  return read.state === 'read' ? read.value : {};
}
