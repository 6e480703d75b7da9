/** What the server has changed about an uploaded file, in words for people. */
import { b } from "./words";

const SMALLER = /^(?:image (\d+) )?made smaller, from (\d+) x (\d+) to (\d+) x (\d+) pixels$/;

/** In the page's language, as far as the server's words are known here. */
export function noteText(note: string): string {
  const smaller = SMALLER.exec(note);
  if (smaller !== null) {
    const [, image, fromWidth, fromHeight, width, height] = smaller;
    const sizes = { from: `${fromWidth} × ${fromHeight}`, to: `${width} × ${height}` };
    return image === undefined
      ? b("noteSmaller", sizes)
      : b("noteImageSmaller", { ...sizes, image: Number(image) + 1 });
  }
  if (note.startsWith("animations and bones")) return b("noteStill");
  if (note.startsWith("points and lines")) return b("noteNoLines");
  return note;
}
