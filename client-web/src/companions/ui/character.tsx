/** What somebody is like: traits as bars with words, as born and as a life has bent them, and genes. */
import { expressed, type Pair, TRAITS, type Trait, type Traits } from "../persona";
import { c, traitName, traitText } from "../texts/words";

interface Props {
  traits: Traits;
  /** As genes alone make them; null: not told. */
  born: Traits | null;
  /** In the order of the traits; null: not told. */
  genes: readonly Pair[] | null;
}

export function Character({ traits, born, genes }: Props) {
  return (
    <>
      <ul class="mind-traits">
        {TRAITS.map((trait) => (
          <TraitBar key={trait} trait={trait} now={traits[trait]} born={born?.[trait] ?? null} />
        ))}
      </ul>
      {genes !== null && genes.length === TRAITS.length && (
        <details class="mind-more">
          <summary>{c("genes")}</summary>
          <p class="hint">{c("genesHint")}</p>
          <ul class="mind-genes">
            {TRAITS.map((trait, index) => (
              <GeneLine
                key={trait}
                trait={trait}
                pair={genes[index] ?? [50, 50]}
                now={traits[trait]}
              />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** A life has bent it by more than that: worth a word. */
const BENT_MIN = 1;

function TraitBar({ trait, now, born }: { trait: Trait; now: number; born: number | null }) {
  const bent = born === null ? 0 : now - born;
  return (
    <li>
      <span class="mind-trait-name">{traitName(trait)}</span>
      <span class="mind-trait-word">
        {traitText(trait, now)}
        {Math.abs(bent) >= BENT_MIN && born !== null && (
          <small>, {c(bent > 0 ? "traitMore" : "traitLess", { born })}</small>
        )}
      </span>
      <span class="mind-bar" aria-hidden="true">
        <span class="mind-bar-full" style={{ width: `${now}%` }} />
        {Math.abs(bent) >= BENT_MIN && <i class="mind-bar-born" style={{ left: `${born}%` }} />}
      </span>
    </li>
  );
}

function GeneLine({ trait, pair, now }: { trait: Trait; pair: Pair; now: number }) {
  const [a, b] = pair;
  const born = expressed(pair);
  return (
    <li>
      <span aria-hidden="true">{traitName(trait)}</span>
      <svg
        viewBox="0 0 112 22"
        role="img"
        aria-label={c("genesOf", { trait: traitName(trait), a, b, born, now })}
      >
        <path class="mind-gene-line" d="M6 11h100" />
        <path class="mind-gene-span" d={`M${6 + Math.min(a, b)} 11h${Math.abs(a - b)}`} />
        <path class="mind-gene-mean" d={`M${6 + born} 4v14`} />
        <circle class="mind-gene" cx={6 + a} cy="11" r="4.500" />
        <circle class="mind-gene other" cx={6 + b} cy="11" r="4.500" />
      </svg>
      <span aria-hidden="true">
        {a} · {b}
      </span>
    </li>
  );
}
