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

/** A name with a dark rim, readable on any ground. Companions have a leaf in the place of the dot. */
export function drawName(name: string, accent: string, leaf = false): Lettering {
  const font = `600 ${NAME_PX}px ${FONT}`;
  const width = Math.ceil(measureWith(font)(name)) + 64;
  const height = 76;
  return draw(width, height, 1, height / (NAME_PX * 0.72), (context) => {
    context.fillStyle = "rgba(20, 26, 34, 0.62)";
    context.beginPath();
    context.roundRect(2, 8, width - 4, height - 16, (height - 16) / 2);
    context.fill();
    context.fillStyle = accent;
    if (leaf) paintLeaf(context, 28, height / 2, 15);
    else {
      context.beginPath();
      context.arc(28, height / 2, 8, 0, Math.PI * 2);
      context.fill();
    }
    context.font = font;
    context.textBaseline = "middle";
    context.fillStyle = "#ffffff";
    context.fillText(name, 46, height / 2 + 2);
  });
}

/** A leaf with its rib, in the colour of filling. */
function paintLeaf(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath();
  context.moveTo(x - size * 0.8, y + size);
  context.quadraticCurveTo(x - size * 1.2, y - size * 0.7, x + size, y - size);
  context.quadraticCurveTo(x + size * 0.9, y + size, x - size * 0.8, y + size);
  context.fill();
  context.strokeStyle = "rgba(20, 26, 34, 0.75)";
  context.lineWidth = size * 0.16;
  context.beginPath();
  context.moveTo(x - size * 0.75, y + size * 0.95);
  context.lineTo(x + size * 0.45, y - size * 0.4);
  context.stroke();
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
const BUBBLE_FONT = `500 ${BUBBLE_PX}px ${FONT}`;

/** A speech bubble whose tail points down at the middle of its lower edge. */
export function drawBubble(text: string): Lettering {
  const measure = measureWith(BUBBLE_FONT);
  const lines = wrapText(text, measure, BUBBLE_WIDTH_PX, BUBBLE_LINES_MAX);
  return drawLines(lines, Math.max(40, ...lines.map(measure)), null);
}

/** How much of a long speech is seen at once. */
const SPEECH_LINES_MAX = 4;
/** Wide enough that the bubble does not jump with every word. */
const SPEECH_WIDTH_PX_MIN = 200;

/** The newest lines of a speech that grows; `badge` is written below it. */
export function drawSpeech(text: string, badge: string | null): Lettering {
  const measure = measureWith(BUBBLE_FONT);
  const all = wrapText(text, measure, BUBBLE_WIDTH_PX, Number.POSITIVE_INFINITY);
  const lines = all.slice(-SPEECH_LINES_MAX);
  if (all.length > lines.length) lines[0] = `…${lines[0]}`;
  const least = all.length > 1 ? BUBBLE_WIDTH_PX : SPEECH_WIDTH_PX_MIN;
  return drawLines(lines, Math.max(least, ...lines.map(measure)), badge);
}

/** Three dots, of which one is bright: somebody looks for words. */
export function drawDots(bright: number): Lettering {
  return drawLines([""], 96, null, (context, middle) => {
    for (const dot of [0, 1, 2]) {
      context.fillStyle = dot === bright % 3 ? "#1d2430" : "#b3b8bf";
      context.beginPath();
      context.arc(middle + (dot - 1) * 34, 26 + BUBBLE_LINE_PX / 2, 9, 0, Math.PI * 2);
      context.fill();
    }
  });
}

const BADGE_PX = 28;

function drawLines(
  lines: readonly string[],
  widest: number,
  badge: string | null,
  more: (context: CanvasRenderingContext2D, middle: number) => void = () => undefined,
): Lettering {
  const font = BUBBLE_FONT;
  const width = Math.ceil(widest) + 72;
  const body = lines.length * BUBBLE_LINE_PX + 40 + (badge === null ? 0 : BADGE_PX + 8);
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
    more(context, middle);
    if (badge === null) return;
    context.font = `italic 500 ${BADGE_PX}px ${FONT}`;
    context.fillStyle = "#5a6675";
    context.fillText(`❧ ${badge}`, middle, 24 + BUBBLE_LINE_PX * lines.length + BADGE_PX / 2);
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
