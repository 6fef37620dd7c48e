// What the browser tests need beside themselves. Run by itself it says what is missing.
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The first browser in `PATH`, or nothing. */
export function chromiumPath() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Every need that is not met, by name. */
export function missing() {
  const found = [];
  if (Number(process.versions.node.split('.')[0]) < 18) found.push('node 18 or newer');
  if (!chromiumPath()) found.push('chromium');
  const require = createRequire(import.meta.url);
  for (const name of ['playwright-core', 'axe-core']) {
    try {
      require.resolve(name);
    } catch {
      found.push(name);
    }
  }
  return found;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const absent = missing();
  if (absent.length > 0) {
    process.stdout.write(absent.join(', '));
    process.exit(3);
  }
}
