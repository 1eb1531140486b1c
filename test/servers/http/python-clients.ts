import { join } from 'node:path';

import { Cached } from '../../support/cache.js';

/** What other people publish for the protocols that are served here. */
const PACKAGES = ['justalock-client==0.1.0', 'gcslock==0.0.6'];

const cached = new Cached('python-clients-1');

export const PYTHON = join(cached.folder, 'venv/bin/python');

export const HOW_TO_GET_PYTHON_CLIENTS = `pip install ${PACKAGES.join(' ')}`;

export const PYTHON_CLIENT_FILES = [join(cached.folder, 'whole'), PYTHON];

const INSTALL = `
folder=$1
shift
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "$@"
`;

/** Installs the clients into an environment of their own, unless that was done before. */
export function installPythonClients(): void {
  cached.fill(INSTALL, ...PACKAGES);
}
