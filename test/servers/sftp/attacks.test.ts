import { sftpAttacksSuite } from '../../support/suites/sftp-attacks.js';
import { Scene } from './scene.js';
import { missing, openSsh, openSshUnprivileged } from './servers.js';

const VICTIMS = [
  [openSsh, 'root', 0],
  [openSshUnprivileged, 'an ordinary user', openSshUnprivileged.uid],
] as const;

for (const [kind, title, uid = 0] of VICTIMS) {
  const open = async () => {
    const scene = await Scene.open(kind, {});
    return { through: scene.through.bind(scene), close: () => scene.close() };
  };
  const victim = { uid, gid: uid };
  sftpAttacksSuite({ title, victim, lacking: missing(kind), open, rounds: { cycled: 20, swept: 2 } });
}
