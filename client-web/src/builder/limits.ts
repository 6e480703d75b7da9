/** What the server allows, from shared/scene/src/limits.rs: told at the field before it is sent. */
export const COORDINATE_M_MAX = 10_000;
export const SIZE_M_MIN = 0.001;
export const SIZE_M_MAX = 10_000;
export const SCALE_MIN = 0.001;
export const SCALE_MAX = 1_000;
export const DENSITY_KGPM3_MAX = 50_000;
export const FRICTION_MAX = 10;
export const DAMPING_MAX = 100;
export const GRAVITY_SCALE_MAX = 10;
export const HINGE_DEG_MAX = 180;
export const WAYPOINTS_MAX = 64;
export const PARTS_PER_OBJECT_MAX = 64;
export const MOVER_CYCLE_TICKS_END = 2 ** 31;
export const GRAVITY_MPS2_MAX = 100;
export const TICKS_PER_S_MIN = 10;
export const TICKS_PER_S_MAX = 120;
export const SIGHT_M_MIN = 1;
export const SUNLIGHT_MAX = 20;
export const LAMP_CD_MAX = 10_000;
export const NAME_CHARS_MAX = 64;
/** Of companions: what people call them, and whose mind they have. */
export const COMPANION_NAME_CHARS_MAX = 24;
export const MIND_CHARS_MAX = 32;
export const COMPANION_RANGE_M_MIN = 1;
export const COMPANION_RANGE_M_MAX = 500;
export const TEXT_CHARS_MAX = 500;
export const PARENTS_MAX = 64;
export const PATH_CHARS_MAX = 200;
export const SCRIPT_SETTINGS_MAX = 32;
/** Objects that get a frame in the picture. */
export const FRAMED_MAX = 256;
/** Objects that show nothing of themselves and are marked while building. */
export const MARKED_MAX = 200;
/** Objects that are told to others as chosen. */
export const SELECTED_MAX = 64;
