/** Which rows of a long list are drawn. Rows are of one height, so no measuring is needed. */

/** Rows beyond the edges, so that scrolling shows no gaps. */
const OVERSCAN_ROWS = 6;

export interface Shown {
  /** First row that is drawn. */
  from: number;
  /** The row after the last one that is drawn. */
  to: number;
}

export function rowsShown(scrollPx: number, heightPx: number, rowPx: number, count: number): Shown {
  // A list that has just become shorter is still scrolled as far as the longer one was.
  const scrolled = Math.max(0, Math.min(scrollPx, count * rowPx - heightPx));
  const first = Math.floor(scrolled / rowPx) - OVERSCAN_ROWS;
  const last = Math.ceil((scrolled + Math.max(0, heightPx)) / rowPx) + OVERSCAN_ROWS;
  return { from: Math.max(0, first), to: Math.min(count, last) };
}

/** Where to scroll so that a row is seen; null: it is seen. */
export function scrollTo(
  row: number,
  scrollPx: number,
  heightPx: number,
  rowPx: number,
): number | null {
  const top = row * rowPx;
  if (top < scrollPx) return top;
  if (top + rowPx > scrollPx + heightPx) return top + rowPx - heightPx;
  return null;
}
