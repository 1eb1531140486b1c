import type { Inspection } from '../../lock/inspect.js';
import type { Style } from './screen.js';

export const STATE_STYLES: Readonly<Record<Inspection['state'], Style>> = {
  free: 'bold',
  held: 'green',
  stale: 'yellow',
  unreadable: 'red',
  foreign: 'red',
  released: 'dim',
};
