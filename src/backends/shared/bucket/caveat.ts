/** What trying cannot show of a store that speaks somebody else's protocol. */
export function doubtOf(maker: string, removes: boolean): string {
  const race =
    'one that judges a condition first and writes a moment later lets two win now and then, which no number of tries can rule out.';
  const promise = 'Only its makers can promise that conditional writes are atomic.';
  const removal =
    " That a conditional DELETE is, too, is your word (conditionalDelete: 'native'): Ceph RGW 20, for one, refuses a stale DELETE when it is asked alone, and not in a race.";
  return `This store is not ${maker}'s: ${race} ${promise}${removes ? removal : ''}`;
}
