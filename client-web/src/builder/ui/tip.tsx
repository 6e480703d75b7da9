/** A button that is a small picture, with its name and key as a tip, or beside it. */
import type { RefObject } from "preact";
import { type BuilderText, b } from "../texts/words";
import { type BuilderIcon, Sign } from "./icons";

export function Tip(props: {
  icon: BuilderIcon;
  text: BuilderText;
  keys?: string | undefined;
  pressed?: boolean | undefined;
  expanded?: boolean | undefined;
  /** What it opens over the others. */
  opens?: "dialog";
  disabled?: boolean | undefined;
  /** Whether name and key are written beside the picture. */
  isNamed?: boolean;
  of?: RefObject<HTMLButtonElement | null> | null;
  act(): void;
}) {
  const {
    icon,
    text,
    keys,
    pressed,
    expanded,
    opens,
    disabled,
    isNamed = false,
    of = null,
    act,
  } = props;
  const title = keys === undefined ? b(text) : `${b(text)} (${keys})`;
  return (
    <button
      ref={of}
      type="button"
      class={isNamed ? "button builder-named" : "button icon-button"}
      aria-label={b(text)}
      aria-keyshortcuts={keys?.replace("Ctrl", "Control")}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-haspopup={opens}
      aria-disabled={disabled || undefined}
      title={isNamed ? undefined : title}
      onClick={() => {
        if (!disabled) act();
      }}
    >
      <Sign name={icon} />
      {isNamed && <span>{b(text)}</span>}
      {isNamed && keys !== undefined && <kbd>{keys}</kbd>}
    </button>
  );
}
