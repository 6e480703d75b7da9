/** Small pictures of the builder, drawn like those of `ui/icons.tsx`. */
import type { Kind } from "../scenery";

const PATHS = {
  select: "M5 3.5l13.5 8-6 1.7-2.8 5.9L5 3.5Z",
  move: "M12 3v18M3 12h18M12 3l-2.5 2.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5",
  rotate: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M17.5 2.8v4.2h-4.2",
  scale: "M4 20l7-7M4 20h5.5M4 20v-5.5M20 4l-7 7M20 4h-5.5M20 4v5.5",
  world: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
  local:
    "M12 12V4M12 12l7 4M12 12l-7 4M12 4l-2 2M12 4l2 2M19 16l-2.6.2M19 16l-1-2.4M5 16l2.6.2M5 16l1-2.4",
  grid: "M4 4h16v16H4ZM4 9.3h16M4 14.7h16M9.3 4v16M14.7 4v16",
  undo: "M8 5L4 9l4 4M4 9h9.5a5.5 5.5 0 0 1 0 11H9",
  redo: "M16 5l4 4-4 4M20 9h-9.5a5.5 5.5 0 0 0 0 11H15",
  frame:
    "M4 8.5V4h4.5M20 8.5V4h-4.5M4 15.5V20h4.5M20 15.5V20h-4.5M12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  fly: "M3.5 8h11v9h-11ZM14.5 11l6-3v9l-6-3M6.500 5.200h5",
  duplicate: "M8.5 8.5H20V20H8.5ZM15.5 8.5V4H4v11.5h4.5",
  delete: "M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l1 14h9l1-14M10.3 10.5v6M13.7 10.5v6",
  drop: "M12 3v11M8 10.5l4 4 4-4M4 20h16",
  library: "M4 4h6.5v6.5H4ZM13.5 4H20v6.5h-6.5ZM4 13.5h6.5V20H4ZM13.5 13.5H20V20h-6.5Z",
  outline: "M4 5.5h6M8 12h8M12 18.5h8M5.5 8v4H8M9.5 14.5v4H12",
  inspector: "M4 6h8M16 6h4M14 4v4M4 12h3M11 12h9M9 10v4M4 18h9M17 18h3M15 16v4",
  score: "M4 17a8 8 0 1 1 16 0M12 17l4-6M4 20h16",
  help: "M9.2 9.1a2.9 2.9 0 1 1 4.3 2.6c-.9.5-1.5 1.1-1.5 2.3M12 17.3v.2M12 21.2a9.2 9.2 0 1 0 0-18.4 9.2 9.2 0 0 0 0 18.4Z",
  invite:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 8.5c.3-3.6 3-6 6.5-6s6.2 2.4 6.5 6M19 7v6M16 10h6",
  leave: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9.5",
  close: "M6 6l12 12M18 6L6 18",
  shown:
    "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Z",
  hidden:
    "M4 4l16 16M9.5 5.9A9.6 9.6 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6 8a16 16 0 0 0-3.500 4S6 18.500 12 18.500a9 9 0 0 0 4-1",
  locked: "M6 11h12v9.500H6ZM8.500 11V7.500a3.500 3.500 0 0 1 7 0V11",
  unlocked: "M6 11h12v9.500H6ZM8.500 11V7.500a3.500 3.500 0 0 1 6.800-1.200",
  fold: "M9 6l6 6-6 6",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.300 15.300L20.500 20.500",
  copy: "M8 4.500h8v3H8ZM8 6H5.500v14.500h13V6H16M9 12h6M9 16h6",
  box: "M12 3l8 4.500v9L12 21l-8-4.500v-9L12 3ZM4 7.500l8 4.500 8-4.500M12 12v9",
  ball: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3.500 13.500c5 3 12 3 17 0",
  spawn:
    "M12 21s6.500-6.500 6.500-11.200a6.500 6.500 0 0 0-13 0C5.500 14.500 12 21 12 21ZM12 12a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600Z",
  portal:
    "M6 20.500V11a6 6 0 0 1 12 0v9.500M3.500 20.500h17M9.500 20.500V11.500a2.500 2.500 0 0 1 5 0v9",
  light:
    "M9.500 18h5M10 21h4M12 3a6 6 0 0 0-3.600 10.800c.8.600 1.100 1.500 1.100 2.200h5c0-.700.300-1.600 1.100-2.200A6 6 0 0 0 12 3Z",
  sensor:
    "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8.500 12a3.500 3.500 0 1 0 7 0 3.500 3.500 0 0 0-7 0Z",
  sound:
    "M4 9.500v5h3.500l5 4.500V5l-5 4.500H4ZM16 9a4.500 4.500 0 0 1 0 6M18.700 6.500a8 8 0 0 1 0 11",
  water:
    "M3 8c2-1.800 4-1.800 6 0s4 1.800 6 0 4-1.800 6 0M3 13c2-1.800 4-1.800 6 0s4 1.800 6 0 4-1.800 6 0M3 18c2-1.800 4-1.800 6 0s4 1.800 6 0 4-1.800 6 0",
  text: "M5 7V4.500h14V7M12 4.500v15M9 19.500h6",
  terrain: "M2.500 19l6-11 4 7 3-4.500 6 8.500Z",
  model:
    "M12 3c3.500 2 5 5 4 8 2 1 2.500 5-1.500 5.500H12M12 3c-3.500 2-5 5-4 8-2 1-2.500 5 1.500 5.500H12M12 10v11",
  kinematic: "M4 12h16M4 12l3-3M4 12l3 3M20 12l-3-3M20 12l-3 3M9.500 7h5M9.500 17h5",
} as const;

export type BuilderIcon = keyof typeof PATHS;

export const KIND_ICONS: Readonly<Record<Kind, BuilderIcon>> = {
  spawn: "spawn",
  portal: "portal",
  light: "light",
  sensor: "sensor",
  sound: "sound",
  water: "water",
  text: "text",
  terrain: "terrain",
  model: "model",
  dynamic: "ball",
  kinematic: "kinematic",
  static: "box",
};

export function Sign({ name }: { name: BuilderIcon }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
