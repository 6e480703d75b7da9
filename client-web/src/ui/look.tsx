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
      <ellipse class="portrait-shadow" cx="60" cy="160" rx="34" ry="7" />
      <rect class="portrait-limb" x="40" y="118" width="15" height="40" rx="7.5" />
      <rect class="portrait-limb" x="65" y="118" width="15" height="40" rx="7.5" />
      <rect class="portrait-limb" x="21" y="72" width="13" height="44" rx="6.5" />
      <rect class="portrait-limb" x="86" y="72" width="13" height="44" rx="6.5" />
      <rect class="portrait-body" x="32" y="64" width="56" height="72" rx="25" />
      <path class="portrait-accent" d="M33 84c17 9 37 9 54 0v13c-17 9-37 9-54 0z" />
      <rect class="portrait-body" x="34" y="14" width="52" height="52" rx="24" />
      <rect class="portrait-accent" x="41" y="31" width="38" height="20" rx="10" />
      <circle class="portrait-eye" cx="52" cy="41" r="3.2" />
      <circle class="portrait-eye" cx="68" cy="41" r="3.2" />
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
