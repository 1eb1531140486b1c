// @ts-check

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/**
 * @param {string} page
 * @param {string} block
 * @returns {string} the page with `block` as all that stands between its two markers
 */
export function withBlock(page, block) {
  const [before, rest, ...moreStarts] = page.split(START);
  const [old, after, ...moreEnds] = (rest ?? '').split(END);
  if (
    before === undefined ||
    old === undefined ||
    after === undefined ||
    moreStarts.length > 0 ||
    moreEnds.length > 0
  ) {
    throw new Error(`docs/benchmarks.md needs the markers ${START} and ${END}, once each and in this order`);
  }
  return `${before}${START}\n\n${block.trim()}\n\n${END}${after}`;
}
