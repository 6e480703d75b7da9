/** The frame of the builder's panels. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Builder, SidePanel } from "../builder";
import { type BuilderText, b } from "../texts/words";
import { Sign } from "./icons";

export function Side(props: {
  builder: Builder;
  name: SidePanel;
  title: BuilderText;
  children: ComponentChildren;
}) {
  const { builder, name, title, children } = props;
  const heading = useId();
  return (
    <section
      class={`builder-side glass builder-${name}`}
      data-front={builder.front.value === name}
      aria-labelledby={heading}
    >
      <header class="builder-side-header">
        <h2 id={heading}>{b(title)}</h2>
        <button
          type="button"
          class="button icon-button"
          aria-label={b("closePanel")}
          title={b("closePanel")}
          onClick={() => {
            builder.toggle(name);
            builder.bench.focus();
          }}
        >
          <Sign name="close" />
        </button>
      </header>
      {children}
    </section>
  );
}
