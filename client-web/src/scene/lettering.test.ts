import { expect, test } from "vitest";
import { inkOn, wrapText } from "./lettering";

const letters = (text: string) => [...text].length;

test("words fill lines up to the width", () => {
  expect(wrapText("the quick brown fox", letters, 9, 5)).toEqual(["the quick", "brown fox"]);
});

test("a word that is wider than a line is broken", () => {
  expect(wrapText("abcdefghij", letters, 4, 5)).toEqual(["abcd", "efgh", "ij"]);
  expect(wrapText("x abcdefgh", letters, 4, 5)).toEqual(["x", "abcd", "efgh"]);
});

test("what does not fit ends in an ellipsis within the width", () => {
  const lines = wrapText("one two three four five six", letters, 8, 2);
  expect(lines[0]).toBe("one two");
  expect(lines).toHaveLength(2);
  expect(lines[1]?.endsWith("…")).toBe(true);
  expect(letters(lines[1] ?? "")).toBeLessThanOrEqual(8);
});

test("letters outside the basic plane are not cut in half", () => {
  expect(wrapText("😀😀😀", letters, 2, 5)).toEqual(["😀😀", "😀"]);
});

test("blank text has no lines", () => {
  expect(wrapText("  \n ", letters, 10, 3)).toEqual([]);
});

test("letters on a colour are dark where it is light", () => {
  expect(["rgb(255,255,255)", "rgb(240,200,90)"].map(inkOn)).toEqual(["#141a22", "#141a22"]);
  expect(["rgb(20,26,34)", "rgb(60,70,170)"].map(inkOn)).toEqual(["#ffffff", "#ffffff"]);
});
