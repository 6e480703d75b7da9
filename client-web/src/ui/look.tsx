/** Choosing name and colours; used at the entrance and in the settings. */
import { useId } from "preact/hooks";
import { type TextKey, t } from "../i18n/translate";
import { limits } from "../protocol/generated";
import { Icon } from "./icons";
import {
  type Colour,
  colourOf,
  countCharacters,
  hexOf,
  type NameFault,
  type Profile,
  randomLook,
  SWATCHES,
  sameColour,
} from "./profile";
import { cssColour } from "./store";

/** A drawing of the avatar in its colours. */
export function Portrait({ body, accent }: { body: Colour; accent: Colour }) {
  const style = { "--body": cssColour(body), "--accent-colour": cssColour(accent) };
  return (
    <svg class="portrait" viewBox="0 0 120 170" style={style} aria-hidden="true">
      <ellipse class="portrait-shadow" cx="60" cy="160" rx="34" ry="6" />
      <path class="portrait-stalk" d="M60 20V9" />
      <circle class="portrait-accent" cx="60" cy="8" r="5.5" />
      <ellipse class="portrait-accent" cx="46" cy="152" rx="13" ry="8" />
      <ellipse class="portrait-accent" cx="74" cy="152" rx="13" ry="8" />
      <rect
        class="portrait-limb"
        x="22"
        y="98"
        width="15"
        height="36"
        rx="7.5"
        transform="rotate(22 30 100)"
      />
      <rect
        class="portrait-limb"
        x="83"
        y="98"
        width="15"
        height="36"
        rx="7.5"
        transform="rotate(-22 90 100)"
      />
      <path
        class="portrait-body"
        d="M60 82c21 0 30 25 30 41 0 18-13 27-30 27s-30-9-30-27c0-16 9-41 30-41z"
      />
      <ellipse class="portrait-belly" cx="60" cy="128" rx="18" ry="18" />
      <circle class="portrait-limb" cx="31" cy="29" r="11" />
      <circle class="portrait-limb" cx="89" cy="29" r="11" />
      <ellipse class="portrait-body" cx="60" cy="52" rx="37" ry="33" />
      <rect class="portrait-accent" x="36" y="82" width="48" height="15" rx="7.5" />
      <rect class="portrait-scarf" x="66" y="92" width="14" height="27" rx="5" />
      <ellipse class="portrait-cheek" cx="37" cy="62" rx="6" ry="4" />
      <ellipse class="portrait-cheek" cx="83" cy="62" rx="6" ry="4" />
      <ellipse class="portrait-eye" cx="47" cy="53" rx="4.6" ry="6" />
      <ellipse class="portrait-eye" cx="73" cy="53" rx="4.6" ry="6" />
      <circle class="portrait-glint" cx="48.6" cy="50.6" r="1.7" />
      <circle class="portrait-glint" cx="74.6" cy="50.6" r="1.7" />
      <path class="portrait-mouth" d="M55 65c2.6 3 7.4 3 10 0" />
    </svg>
  );
}

function Swatches(props: { legend: TextKey; chosen: Colour; choose(colour: Colour): void }) {
  const { legend, chosen, choose } = props;
  const group = useId();
  const known = SWATCHES.some(({ colour }) => sameColour(colour, chosen));
  return (
    <fieldset class="swatches">
      <legend>{t(legend)}</legend>
      <div class="swatch-row">
        {SWATCHES.map(({ name, colour }) => (
          <label key={name} class="swatch" title={t(name)}>
            <input
              type="radio"
              name={group}
              checked={sameColour(colour, chosen)}
              onChange={() => choose(colour)}
              aria-label={t(name)}
            />
            <span style={{ background: cssColour(colour) }}>
              <Icon name="check" />
            </span>
          </label>
        ))}
        <label class="swatch swatch-own" title={t("ownColour")} data-chosen={!known}>
          <input
            type="color"
            value={hexOf(chosen)}
            aria-label={`${t(legend)}: ${t("ownColour")}`}
            onInput={(event) => {
              const colour = colourOf(event.currentTarget.value);
              if (colour !== null) choose(colour);
            }}
          />
        </label>
      </div>
    </fieldset>
  );
}

/** The fields of a profile. `fault` is shown with the name. */
export function LookFields(props: {
  profile: Profile;
  fault: NameFault | null;
  change(profile: Profile): void;
}) {
  const { profile, fault, change } = props;
  const nameId = useId();
  const faultId = useId();
  return (
    <div class="look-fields">
      <div class="field">
        <label for={nameId}>{t("yourName")}</label>
        <input
          id={nameId}
          class="text-field"
          type="text"
          autocomplete="nickname"
          spellcheck={false}
          placeholder={t("namePlaceholder")}
          value={profile.name}
          aria-invalid={fault !== null}
          aria-describedby={fault === null ? undefined : faultId}
          onInput={(event) => change({ ...profile, name: event.currentTarget.value })}
        />
        {fault !== null && (
          <p class="fault" id={faultId} role="alert">
            {fault === "empty" ? t("nameNeeded") : t("nameTooLong", { count: limits.nameCharsMax })}
            {fault === "tooLong" && ` (${countCharacters(profile.name.trim())})`}
          </p>
        )}
      </div>
      <div class="look-row">
        <Portrait body={profile.body} accent={profile.accent} />
        <div class="look-colours">
          <Swatches
            legend="bodyColour"
            chosen={profile.body}
            choose={(body) => change({ ...profile, body })}
          />
          <Swatches
            legend="accentColour"
            chosen={profile.accent}
            choose={(accent) => change({ ...profile, accent })}
          />
          <button
            type="button"
            class="button quiet"
            onClick={() => change({ ...profile, ...randomLook(Math.random) })}
          >
            <Icon name="shuffle" />
            {t("shuffleLook")}
          </button>
        </div>
      </div>
    </div>
  );
}
