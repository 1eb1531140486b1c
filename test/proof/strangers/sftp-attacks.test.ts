import { attackRounds } from '../../support/suites/attack-rounds.js';
import { sftpAttacksSuite } from '../../support/suites/sftp-attacks.js';
import { Scene } from '../../servers/sftp/scene.js';
import { missing, openSsh } from '../../servers/sftp/servers.js';

const open = async () => {
  const scene = await Scene.alone(openSsh);
  return { through: scene.through.bind(scene), close: () => scene.close() };
};
const rounds = { cycled: attackRounds(150), swept: attackRounds(20) };

sftpAttacksSuite({ title: 'root', victim: { uid: 0, gid: 0 }, lacking: missing(openSsh), open, rounds });
