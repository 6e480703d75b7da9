/** Where a piece of the library comes that is put onto a surface. Pure. */
import { around, cornersOf } from "./bounds";
import { boundsOfPiece, type Piece, type PieceWords } from "./pieces";
import type { Scenery } from "./scenery";
import { ontoSurface, toGrid } from "./snapping";
import { add, fromDegrees, NO_TURN, type Quat, turned } from "./vectors";
import type { Bounds, Hit, Pose } from "./workbench";

/** Whoever puts it there: where they look (radians about y), and their steps; null: none. */
export interface Putting {
  yaw: number;
  gridM: number | null;
  angleDeg: number | null;
}

/** The pose of a piece, and the room that it takes there. */
export function landing(
  scenery: Scenery,
  piece: Piece,
  { point, normal }: Hit,
  words: PieceWords,
  { yaw, gridM, angleDeg }: Putting,
): { pose: Pose; bounds: Bounds } {
  const own = boundsOfPiece(scenery, piece, words);
  const rotation = facing(piece, yaw, angleDeg);
  const corners = cornersOf(own).map((corner) => turned(corner, rotation));
  const bounds = around(corners) ?? own;
  const position = ontoSurface(point, normal, bounds, [0, 0, 0], gridM);
  return {
    pose: { position, rotation, scale: [1, 1, 1] },
    bounds: { min: add(bounds.min, position), max: add(bounds.max, position) },
  };
}

/** What has a front shows it to whoever puts it there, as nearly as the angle steps allow. */
function facing(piece: Piece, yaw: number, angleDeg: number | null): Quat {
  const isSimple = piece.kind === "simple" && (piece.name === "sign" || piece.name === "portal");
  if (!isSimple && piece.kind !== "template") return [...NO_TURN];
  return fromDegrees([0, toGrid((yaw * 180) / Math.PI, angleDeg), 0]);
}
