import { sftpAttacksSuite } from '../../support/suites/sftp-attacks.js';
import { Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const open = async () => {
  const scene = await Scene.open(openSsh, {});
  return { through: scene.through.bind(scene), close: () => scene.close() };
};

sftpAttacksSuite(missing(openSsh), open, { cycled: 20, swept: 2 });
