import { sftpAttacksSuite } from '../../support/suites/sftp-attacks.js';
import { Scene } from '../../servers/sftp/scene.js';
import { missing, openSsh } from '../../servers/sftp/servers.js';

const open = async () => {
  const scene = await Scene.alone(openSsh);
  return { through: scene.through.bind(scene), close: () => scene.close() };
};

sftpAttacksSuite(missing(openSsh), open, { swapped: Number(process.env.ATTACK_ROUNDS ?? 150) });
