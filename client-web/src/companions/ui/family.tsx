/** Children of a companion, and consent to those that others want to have with it. */
import { type Signal, useSignal } from "@preact/signals";
import { language } from "../../i18n/translate";
import { copyText } from "../copying";
import type { Creation } from "../creation";
import type { Child, Listed, Mind } from "../minds";
import { PERSONA_NAME_CHARS_MAX } from "../persona";
import { c } from "../texts/words";
import { Character } from "./character";
import { TextField } from "./fields";

/** Lots are drawn below this: short enough to be told to somebody. */
const SEEDS = 1_000_000;
/** Stands for somebody who is not in the list. */
const FOREIGN = "";

function drawSeed(): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1));
  return drawn % SEEDS;
}

/** A child that was born, and of whom. */
interface Born {
  child: Child;
  mind: Mind;
  other: string;
  /** Whether a code was used up for it, so that there is no other. */
  isConsented: boolean;
}

export function Family({ creation, mind }: { creation: Creation; mind: string }) {
  const own = creation.making.persona.value.name;
  const others = (creation.list.value ?? []).filter((one) => one.mind !== mind);
  const chosen = useSignal<string | null>(null);
  const foreign = useSignal("");
  const consent = useSignal("");
  const name = useSignal("");
  const seed = useSignal(drawSeed());
  const isBusy = useSignal(false);
  const born = useSignal<Born | null>(null);
  const picked = chosen.value ?? others[0]?.mind ?? FOREIGN;
  const isForeign = picked === FOREIGN;
  const other = isForeign ? foreign.value.trim() : picked;
  const isWhole = other !== "" && name.value.trim() !== "" && (!isForeign || consent.value !== "");

  const have = async (): Promise<void> => {
    isBusy.value = true;
    const made = await creation.minds.child(mind, {
      world: creation.home.world,
      with: other,
      consent: isForeign ? consent.peek().trim() : null,
      name: name.peek().trim(),
      seed: seed.peek(),
    });
    isBusy.value = false;
    if (!creation.heard(made)) return;
    const child = await creation.minds.get(made.value.mind);
    void creation.refresh();
    if (!creation.heard(child)) return;
    const named = others.find((one) => one.mind === other)?.name ?? other;
    const isConsented = isForeign;
    born.value = { child: made.value, mind: child.value, other: named, isConsented };
  };
  /** Another child in the place of this one. */
  const again = async ({ child }: Born): Promise<void> => {
    if (!creation.heard(await creation.minds.remove(child.mind))) return;
    born.value = null;
    seed.value = drawSeed();
    await have();
  };

  if (born.value !== null) {
    return (
      <Newborn
        creation={creation}
        own={own}
        born={born.value}
        again={again}
        isBusy={isBusy.value}
      />
    );
  }
  return (
    <form
      class="mind-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole && !isBusy.peek()) void have();
      }}
    >
      <p class="hint">{c("familyHint")}</p>
      <Other others={others} picked={picked} chosen={chosen} foreign={foreign} consent={consent} />
      <TextField
        label={c("childName")}
        holder=""
        value={name.value}
        fault={
          [...name.value.trim()].length > PERSONA_NAME_CHARS_MAX
            ? c("faultTooLong", { most: PERSONA_NAME_CHARS_MAX })
            : null
        }
        change={(text) => (name.value = text)}
      />
      <Lot seed={seed} />
      <button type="submit" class="button primary" disabled={!isWhole || isBusy.value}>
        {c(isBusy.value ? "loading" : "childMake")}
      </button>
    </form>
  );
}

/** The other parent: one of those in the list, or somebody else's, by a code. */
function Other(props: {
  others: readonly Listed[];
  picked: string;
  chosen: Signal<string | null>;
  foreign: Signal<string>;
  consent: Signal<string>;
}) {
  const { others, picked, chosen, foreign, consent } = props;
  const isForeign = picked === FOREIGN;
  return (
    <>
      <label class="field">
        <span>{c("otherParent")}</span>
        <select
          class="select-field"
          value={picked}
          onChange={(event) => (chosen.value = event.currentTarget.value)}
        >
          {others.map((one) => (
            <option key={one.mind} value={one.mind}>
              {one.name} ({c(one.isMine ? "otherOwn" : "otherShipped")})
            </option>
          ))}
          <option value={FOREIGN}>{c("otherForeign")}</option>
        </select>
      </label>
      {isForeign && (
        <>
          <TextField
            label={c("otherMind")}
            holder={c("otherMindHint")}
            value={foreign.value}
            fault={null}
            change={(text) => (foreign.value = text)}
          />
          <TextField
            label={c("consentField")}
            holder=""
            value={consent.value}
            fault={null}
            change={(text) => (consent.value = text)}
          />
        </>
      )}
    </>
  );
}

/** What decides by chance which child it is. */
function Lot({ seed }: { seed: Signal<number> }) {
  return (
    <>
      <div class="mind-row">
        <span>
          {c("seed")} <b>{String(seed.value)}</b>
        </span>
        <button type="button" class="button quiet" onClick={() => (seed.value = drawSeed())}>
          {c("seedAnother")}
        </button>
      </div>
      <p class="hint">{c("seedHint")}</p>
    </>
  );
}

function Newborn(props: {
  creation: Creation;
  own: string;
  born: Born;
  isBusy: boolean;
  again(born: Born): Promise<void>;
}) {
  const { creation, own, born, isBusy, again } = props;
  const { child, mind, other, isConsented } = born;
  const { name, traits } = mind;
  return (
    <div class="mind-form">
      <p role="status">
        <b>{c("childBorn", { name })}</b>{" "}
        <span class="hint">{c("childOf", { name: own, other, seed: String(child.seed) })}</span>
      </p>
      {traits !== null && <Character traits={traits} born={mind.born} genes={mind.genes} />}
      <div class="mind-row">
        <button type="button" class="button primary" onClick={() => creation.open(child.mind)}>
          {c("childEdit")}
        </button>
        {!isConsented && (
          <button
            type="button"
            class="button"
            disabled={isBusy}
            title={c("childTryHint")}
            onClick={() => void again(born)}
          >
            {c("childTry")}
          </button>
        )}
      </div>
      {!isConsented && <p class="hint">{c("childTryHint")}</p>}
    </div>
  );
}

/** Gives a code with which somebody else may have a child with this one. */
export function Consent({ creation, mind }: { creation: Creation; mind: string }) {
  const given = useSignal<{ consent: string; endsAtMs: number } | null>(null);
  const give = async (): Promise<void> => {
    const answer = await creation.minds.consent(mind);
    if (creation.heard(answer)) given.value = answer.value;
  };
  const copy = async (text: string): Promise<void> => {
    const did = await copyText(text);
    creation.home.say(c(did ? "copied" : "notCopied"), did ? "info" : "trouble");
  };
  const code = given.value;
  return (
    <div class="mind-form">
      <button type="button" class="button" onClick={() => void give()}>
        {c("consentGive")}
      </button>
      {code !== null && (
        <>
          <p class="hint" role="status">
            {c("consentHint", {
              name: `${creation.making.persona.value.name} (${mind})`,
              time: new Date(code.endsAtMs).toLocaleString(language.value, {
                dateStyle: "medium",
                timeStyle: "short",
              }),
            })}
          </p>
          <div class="mind-add">
            <input
              class="text-field"
              type="text"
              readOnly
              aria-label={c("consentCode")}
              value={code.consent}
              onFocus={(event) => event.currentTarget.select()}
            />
            <button type="button" class="button" onClick={() => void copy(code.consent)}>
              {c("consentCopy")}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
