/**
 * Text in the world: signs, name plates and speech bubbles, drawn on canvases.
 */
import {
  CanvasTexture,
  LinearFilter,
  LinearMipmapLinearFilter,
  SRGBColorSpace,
  type Texture,
} from "three";

const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** Text as a texture, with what is needed to place it. */
export interface Lettering {
  texture: Texture;
  /** Width over height. */
  aspect: number;
  /** Lines of text; 1 for plates and signs. */
  lines: number;
  /** Height of the whole picture over the height of a capital letter. */
  capitals: number;
}

/**
 * Breaks `text` into lines of at most `widthMax` by `measure`, at most `linesMax`; what does not
 * fit ends in an ellipsis. Words wider than a line are broken.
 */
export function wrapText(
  text: string,
  measure: (text: string) => number,
  widthMax: number,
  linesMax: number,
): string[] {
  const lines: string[] = [];
  let line = "";
  const push = () => {
    if (line) lines.push(line);
    line = "";
  };
  for (const word of text.split(/\s+/).filter((word) => word)) {
    const joined = line ? `${line} ${word}` : word;
    if (measure(joined) <= widthMax) {
      line = joined;
      continue;
    }
    push();
    for (const character of word) {
      if (line && measure(line + character) > widthMax) push();
      line += character;
    }
  }
  push();
  if (lines.length <= linesMax) return lines;
  const kept = lines.slice(0, linesMax);
  let last = kept[linesMax - 1] ?? "";
  while (last && measure(`${last}…`) > widthMax) last = [...last].slice(0, -1).join("");
  kept[linesMax - 1] = `${last.trimEnd()}…`;
  return kept;
}

const NAME_PX = 44;

/** A name with a dark rim, readable on any ground. */
export function drawName(name: string, accent: string): Lettering {
  const font = `600 ${NAME_PX}px ${FONT}`;
  const width = Math.ceil(measureWith(font)(name)) + 64;
  const height = 76;
  return draw(width, height, 1, height / (NAME_PX * 0.72), (context) => {
    context.fillStyle = "rgba(20, 26, 34, 0.62)";
    context.beginPath();
    context.roundRect(2, 8, width - 4, height - 16, (height - 16) / 2);
    context.fill();
    context.fillStyle = accent;
    context.beginPath();
    context.arc(28, height / 2, 8, 0, Math.PI * 2);
    context.fill();
    context.font = font;
    context.textBaseline = "middle";
    context.fillStyle = "#ffffff";
    context.fillText(name, 46, height / 2 + 2);
  });
}

const INK = "#141a22";
/** Above this share of full light (WCAG's relative luminance) dark letters are read better. */
const LIGHT = 0.18;

/** The colour of letters on a ground of `rgb(r,g,b)`. */
export function inkOn(colour: string): string {
  const [r = 1, g = 1, b = 1] = (colour.match(/\d+/g) ?? []).map(
    (part) => (Number(part) / 255) ** 2.2,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > LIGHT ? INK : "#ffffff";
}

/** A name on a person's colour: of what they do, where plates are of who they are. */
export function drawTag(name: string, colour: string): Lettering {
  const font = `700 ${NAME_PX}px ${FONT}`;
  const width = Math.ceil(measureWith(font)(name)) + 48;
  const height = 76;
  return draw(width, height, 1, height / (NAME_PX * 0.72), (context) => {
    context.fillStyle = inkOn(colour);
    context.beginPath();
    context.roundRect(2, 6, width - 4, height - 12, 18);
    context.fill();
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(7, 11, width - 14, height - 22, 13);
    context.fill();
    context.font = font;
    context.textBaseline = "middle";
    context.fillStyle = inkOn(colour);
    context.fillText(name, 24, height / 2 + 2);
  });
}

const BUBBLE_PX = 40;
const BUBBLE_LINE_PX = 52;
const BUBBLE_WIDTH_PX = 520;
const BUBBLE_LINES_MAX = 5;
const TAIL_PX = 26;

/** A speech bubble whose tail points down at the middle of its lower edge. */
export function drawBubble(text: string): Lettering {
  const font = `500 ${BUBBLE_PX}px ${FONT}`;
  const measure = measureWith(font);
  const lines = wrapText(text, measure, BUBBLE_WIDTH_PX, BUBBLE_LINES_MAX);
  const widest = Math.max(40, ...lines.map(measure));
  const width = Math.ceil(widest) + 72;
  const body = lines.length * BUBBLE_LINE_PX + 40;
  const height = body + TAIL_PX + 8;
  return draw(width, height, lines.length, height / (BUBBLE_PX * 0.72), (context) => {
    context.shadowColor = "rgba(15, 25, 40, 0.35)";
    context.shadowBlur = 8;
    context.shadowOffsetY = 3;
    context.fillStyle = "#fdfcf8";
    context.beginPath();
    context.roundRect(8, 6, width - 16, body - 6, 30);
    const middle = width / 2;
    context.moveTo(middle - 18, body - 2);
    context.lineTo(middle, body + TAIL_PX);
    context.lineTo(middle + 18, body - 2);
    context.closePath();
    context.fill();
    context.shadowColor = "transparent";
    context.font = font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = "#1d2430";
    lines.forEach((line, index) => {
      context.fillText(line, middle, 26 + BUBBLE_LINE_PX * (index + 0.5));
    });
  });
}

const SIGN_PX = 96;

/** A line of plain letters without ground. */
export function drawSign(text: string, colour: string): Lettering {
  const font = `700 ${SIGN_PX}px ${FONT}`;
  const width = Math.min(4096, Math.ceil(measureWith(font)(text)) + 24);
  const height = Math.ceil(SIGN_PX * 1.35);
  const sign = draw(width, height, 1, height / (SIGN_PX * 0.72), (context) => {
    context.font = font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colour;
    context.fillText(text, width / 2, height / 2, width - 8);
  });
  // Signs are read from the side; plates and bubbles always face the camera.
  sign.texture.anisotropy = 4;
  return sign;
}

/** A soft round spot: a blob shadow or, added up, a glow. */
export function drawSpot(colour: string): Texture {
  const size = 64;
  return draw(size, size, 1, 1, (context) => {
    const gradient = context.createRadialGradient(32, 32, 0, 32, 32, 32);
    gradient.addColorStop(0, colour);
    gradient.addColorStop(0.4, `${colour}99`);
    gradient.addColorStop(1, `${colour}00`);
    context.fillStyle = gradient;
    context.fillRect(0, 0, size, size);
  }).texture;
}

function measureWith(font: string): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return (text) => text.length * 20;
  context.font = font;
  return (text) => context.measureText(text).width;
}

function draw(
  width: number,
  height: number,
  lines: number,
  capitals: number,
  paint: (context: CanvasRenderingContext2D) => void,
): Lettering {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context) paint(context);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.magFilter = LinearFilter;

  return { texture, aspect: width / height, lines, capitals };
}
