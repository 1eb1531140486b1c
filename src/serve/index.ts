export { lockService, type LockService } from './service.js';
export { nodeListener } from './node.js';
export { tokenFile } from './token-file.js';
export type { LockServiceOptions } from './options.js';
export type { ServiceToken, TokenScope, TokenStore } from './tokens.js';
