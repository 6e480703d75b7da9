/** Going along buttons and fields by arrow keys. */

/**
 * Moves the focus to the next of some elements, or to the one before, round and round. `keys` are
 * those for back and on. False: it is another key, or none of them has the focus.
 */
export function walkAlong(
  all: readonly HTMLElement[],
  key: string,
  keys: readonly [string, string],
): boolean {
  const step = key === keys[1] ? 1 : key === keys[0] ? -1 : 0;
  const at = all.indexOf(document.activeElement as HTMLElement);
  if (step === 0 || at < 0) return false;
  all[(at + step + all.length) % all.length]?.focus();
  return true;
}
