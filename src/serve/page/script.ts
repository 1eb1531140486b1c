export const PAGE_JS = '';
