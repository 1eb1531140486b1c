// @ts-check

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/**
 * @param {string} readme
 * @param {string} block
 * @returns {string} the readme with `block` as all that stands between its two markers
 */
export function withBlock(readme, block) {
  const [before, rest, ...moreStarts] = readme.split(START);
  const [old, after, ...moreEnds] = (rest ?? '').split(END);
  if (
    before === undefined ||
    old === undefined ||
    after === undefined ||
    moreStarts.length > 0 ||
    moreEnds.length > 0
  ) {
    throw new Error(`README.md needs the markers ${START} and ${END}, once each and in this order`);
  }
  return `${before}${START}\n\n${block.trim()}\n\n${END}${after}`;
}
