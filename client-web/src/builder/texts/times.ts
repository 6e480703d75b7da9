/** When something was, in the page's language. */
import { language } from "../../i18n/translate";

/** "3 minutes ago". */
export function agoText(atMs: number): string {
  const seconds = (atMs - Date.now()) / 1_000;
  const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  return format.format(Math.round(seconds / size), unit);
}

export function timeText(atMs: number): string {
  return new Date(atMs).toLocaleString(language.value);
}
