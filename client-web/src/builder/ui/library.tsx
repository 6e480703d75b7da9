/**
 * The library: what can be put into the world. Click and click, drag into the picture, or choose by
 * keys and put it down by keys.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";

import { usedBlueprints } from "../blueprints";

import { centreOf } from "../bounds";

import type { Builder } from "../builder";
import { copyText, readCopied } from "../clipboard";
import { drawingOf, drawingOfAll } from "../drawing";
import { membersOf, standing } from "../groups";
import { KEPT_NAME_CHARS_MAX, type Keeping } from "../keeping";
import { writeNumber } from "../numbers";
import {
  blueprintPieces,
  groupOf,
  keyOf,
  madeOf,
  modelPieces,
  type Piece,
  type SimpleName,
  type Single,
  simplePieces,
  templatePieces,
} from "../pieces";
import { templateText } from "../texts/templates";
import { type BuilderText, b } from "../texts/words";
import { Side } from "./frame";
import { type BuilderIcon, Sign } from "./icons";
import { UploadBar, UploadPicture, UploadTools } from "./uploads";

const SIMPLE_TEXTS: Readonly<Record<SimpleName, BuilderText>> = {
  box: "pieceBox",
  ball: "pieceBall",
  cylinder: "pieceCylinder",
  cone: "pieceCone",
  capsule: "pieceCapsule",
  lamp: "pieceLamp",
  sign: "pieceSign",
  spawn: "pieceSpawn",
  companion: "pieceCompanion",
  portal: "piecePortal",
  sensor: "pieceSensor",
  water: "pieceWater",
};

/** Those that have no shape to draw. */
const SIMPLE_ICONS: Partial<Record<SimpleName, BuilderIcon>> = {
  sign: "text",
  spawn: "spawn",
  companion: "companion",
  portal: "portal",
  sensor: "sensor",
  water: "water",
  lamp: "light",
};

/** What a piece is called. */
export function pieceName(piece: Piece): string {
  switch (piece.kind) {
    case "simple":
      return piece.loose
        ? b("pieceLoose", { piece: b(SIMPLE_TEXTS[piece.name]) })
        : b(SIMPLE_TEXTS[piece.name]);
    case "blueprint":
      return piece.name.replaceAll("_", " ");
    case "model":
      return (piece.path.split("/").at(-1) ?? piece.path)
        .replace(/\.\w+$/, "")
        .replaceAll("_", " ");
    case "upload":
      return piece.upload.name.replace(/\.\w+$/, "").replaceAll("_", " ");
    case "companion":
      return piece.companion.name;
    case "template":
      return templateText(piece.name);
    case "kept":
      return piece.kept.name;
  }
}

export function Library({ builder }: { builder: Builder }) {
  const search = useSignal("");
  const { document } = builder.scenery.value;
  const { blueprints, objects } = document;
  const uploads = builder.uploads.all.value;
  const kept = builder.keepsakes.all.value;
  const groups = useMemo(
    (): readonly { title: BuilderText; pieces: Piece[] }[] => [
      { title: "libraryUploads", pieces: uploads.map((upload) => ({ kind: "upload", upload })) },
      { title: "librarySimple", pieces: simplePieces() },
      { title: "libraryTemplates", pieces: templatePieces() },
      { title: "libraryKept", pieces: kept.map((one) => ({ kind: "kept", kept: one })) },
      { title: "libraryBlueprints", pieces: blueprintPieces(document) },
      { title: "libraryModels", pieces: modelPieces(document) },
    ],
    [blueprints, objects.length, uploads, kept],
  );
  const used = useMemo(() => usedBlueprints(builder.scenery.peek()), [objects]);
  const wanted = search.value.trim().toLocaleLowerCase();
  const shown = groups
    .map(({ title, pieces }) => ({
      title,
      pieces: pieces.filter((piece) => pieceName(piece).toLocaleLowerCase().includes(wanted)),
    }))
    // What is kept has its field, as long as nothing else is looked for.
    .filter(({ title, pieces }) => pieces.length > 0 || (title === "libraryKept" && wanted === ""));
  return (
    <Side builder={builder} name="library" title="library">
      <div class="builder-search">
        <Sign name="search" />
        <input
          class="builder-text"
          type="search"
          value={search.value}
          placeholder={b("searchLibrary")}
          aria-label={b("searchLibrary")}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      </div>
      <UploadBar builder={builder} />
      <div class="builder-scroll">
        {shown.map(({ title, pieces }) => (
          <section key={title} class="builder-shelf">
            <h3>{b(title)}</h3>
            {title === "libraryKept" && wanted === "" && <KeepChosen builder={builder} />}
            <ul>
              {pieces.map((piece) => (
                <li key={keyOf(piece)}>
                  <PieceButton builder={builder} piece={piece} />
                  {piece.kind === "kept" && (
                    <button
                      type="button"
                      class="button icon-button builder-forget"
                      aria-label={b("templateDelete", { name: piece.kept.name })}
                      title={b("templateDelete", { name: piece.kept.name })}
                      onClick={() => builder.keepsakes.forget(piece.kept.id)}
                    >
                      <Sign name="delete" />
                    </button>
                  )}
                  {piece.kind === "blueprint" && !used.has(piece.name) && (
                    <DeleteBlueprint builder={builder} name={piece.name} />
                  )}
                  {piece.kind === "upload" && (
                    <UploadTools builder={builder} upload={piece.upload} />
                  )}
                </li>
              ))}
            </ul>
          </section>
        ))}
        {shown.length === 0 && <p class="hint">{b("nothingFound")}</p>}
      </div>
      <p class="hint builder-count" role="status">
        {hintOf(builder)}
      </p>
    </Side>
  );
}

/** What to do next, and, while keys aim, where the piece would come. */
function hintOf(builder: Builder): string {
  const piece = builder.placing.value;
  if (piece === null) return b("libraryHint");
  const ghost = builder.ghost.value;
  if (builder.aim.at.value === null || ghost === null) {
    return b("placingHint", { piece: pieceName(piece) });
  }
  const [x, , z] = centreOf(ghost).map((metres) => writeNumber(metres, 2));
  const place = { x: `${x}`, y: writeNumber(ghost.min[1], 2), z: `${z}` };
  return `${b("aimAt", { piece: pieceName(piece), ...place })} ${b("aimHint")}`;
}

/** Takes a blueprint away that nothing uses. */
function DeleteBlueprint({ builder, name }: { builder: Builder; name: string }) {
  const text = b("blueprintDelete", { name: name.replaceAll("_", " ") });
  return (
    <button
      type="button"
      class="button icon-button builder-forget"
      aria-label={text}
      title={text}
      onClick={() => {
        builder.placing.value = null;
        void builder.commit([{ blueprint: { name, value: null } }]);
      }}
    >
      <Sign name="delete" />
    </button>
  );
}

const KEEPING_TEXTS: Readonly<Record<Keeping, BuilderText>> = {
  kept: "templateKept",
  full: "templateFull",
  tooLarge: "templateTooLarge",
  failed: "templateFailed",
};

/** Keeps what is chosen as a template; false: it could not be, which was told. */
function keepChosen(builder: Builder, name: string): boolean {
  const copied = readCopied(copyText(builder.scenery.peek(), builder.chosen.peek()));
  const kept = copied === null ? "failed" : builder.keepsakes.keep(name, standing(copied));
  builder.say(b(KEEPING_TEXTS[kept]), kept === "kept" ? "info" : "trouble");
  return kept === "kept";
}

/** What is chosen becomes a template under a name. */
function KeepChosen({ builder }: { builder: Builder }) {
  const name = useSignal("");
  const isNone = builder.chosen.value.length === 0;
  return (
    <form
      class="builder-keep"
      onSubmit={(event) => {
        event.preventDefault();
        if (keepChosen(builder, name.peek().trim())) name.value = "";
      }}
    >
      {isNone && builder.keepsakes.all.value.length === 0 ? (
        <p class="hint">{b("templateKeepHint")}</p>
      ) : (
        <>
          <input
            class="builder-text"
            type="text"
            maxLength={KEPT_NAME_CHARS_MAX}
            value={name.value}
            placeholder={b("templateName")}
            aria-label={b("templateName")}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
          <button
            type="submit"
            class="button"
            title={isNone ? b("templateKeepHint") : undefined}
            disabled={isNone || name.value.trim() === ""}
          >
            {b("templateKeep")}
          </button>
        </>
      )}
    </form>
  );
}

function PieceButton({ builder, piece }: { builder: Builder; piece: Piece }) {
  const placing = builder.placing.value;
  const isPlacing = placing !== null && keyOf(placing) === keyOf(piece);
  const name = pieceName(piece);
  return (
    <button
      type="button"
      class="builder-piece"
      data-piece={keyOf(piece)}
      aria-pressed={isPlacing}
      title={name}
      draggable={!(piece.kind === "upload" && piece.upload.kind === "sky")}
      onClick={(event) => {
        if (piece.kind === "upload" && piece.upload.kind === "sky") {
          builder.useSky(piece.upload.path);
          return;
        }
        const button = event.currentTarget;
        // Clicks without a pointer count no presses.
        const isByKeys = event.detail === 0;
        // Where nothing was aimed at, it is tried again.
        const isOver = isPlacing && !(isByKeys && builder.aim.at.peek() === null);
        builder.take(isOver ? null : piece, isByKeys ? () => button.focus() : null);
      }}
      onDragStart={(event) => {
        event.dataTransfer?.setData("text/plain", name);
        builder.placing.value = piece;
      }}
      onDragEnd={() => {
        builder.placing.value = null;
      }}
    >
      <Picture builder={builder} piece={piece} />
      <span>{name}</span>
    </button>
  );
}

function Picture({ builder, piece }: { builder: Builder; piece: Piece }) {
  const scenery = builder.scenery.peek();
  const key = keyOf(piece);
  const icon = piece.kind === "simple" ? SIMPLE_ICONS[piece.name] : undefined;
  const { drawing, model } = useMemo(() => {
    const group = groupOf(piece, builder.words);
    if (group !== null) {
      return { drawing: drawingOfAll(membersOf(group), group.materials), model: null };
    }
    const { properties, materials } = madeOf(scenery, piece as Single, { text: "Aa", world: "" });
    const all = { ...scenery.document.materials, ...materials };
    const shapes = (properties.visuals ?? []).map(({ shape }) => shape);
    const found = shapes.find((shape) => "model" in shape);
    return {
      drawing: icon === undefined ? drawingOf(properties, all) : null,
      model: found !== undefined && "model" in found ? found.model.path : null,
    };
  }, [key]);
  if (icon !== undefined) return <Sign name={icon} />;
  if (piece.kind === "upload" && piece.upload.kind !== "model") {
    return <UploadPicture upload={piece.upload} />;
  }
  if (model !== null && (drawing === null || piece.kind === "upload"))
    return <ModelPicture builder={builder} path={model} />;
  if (drawing === null) return <Sign name="box" />;
  const isLoose = piece.kind === "simple" && piece.loose;
  return (
    <svg class="builder-drawing" viewBox={drawing.box.join(" ")} aria-hidden="true">
      {drawing.faces.map((face) => {
        const points = face.points.map((point) => point.join()).join(" ");
        return (
          <polygon
            key={points}
            points={points}
            fill={face.colour}
            stroke={face.colour}
            stroke-width={drawing.box[2] * 0.014}
            opacity={face.opacity}
          />
        );
      })}
      {isLoose && <Motion box={drawing.box} />}
    </svg>
  );
}

/** Lines below a thing that can fall. */
function Motion({
  box: [x, y, width, height],
}: {
  box: readonly [number, number, number, number];
}) {
  const line = (at: number, high: number) =>
    `M${x + width * at} ${y + height * 0.02}v${height * high}`;
  return (
    <path
      class="builder-motion"
      d={`${line(0.12, 0.16)}${line(0.24, 0.1)}${line(0.78, 0.1)}${line(0.9, 0.16)}`}
      stroke-width={width * 0.03}
    />
  );
}

function ModelPicture({ builder, path }: { builder: Builder; path: string }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    let isHere = true;
    builder.bench.modelPicture(path).then(
      (made) => {
        if (isHere) setAddress(made);
      },
      () => undefined,
    );
    return () => {
      isHere = false;
    };
  }, [builder, path]);
  if (address === null) return <Sign name="model" />;
  return <img class="builder-drawing" src={address} alt="" draggable={false} />;
}
