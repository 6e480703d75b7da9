/** Which field a refusal of the server is about. Its words say: `objects[7].scale: what is wrong`. */
import type { Fault } from "./edits";

export interface FieldFault {
  /** The object's id or the material's name; null: neither. */
  of: string | null;
  /** The field below it, such as `properties.light.range_m`. */
  path: string;
  /** What is wrong, in the server's words. */
  reason: string;
}

export function fieldFault({ code, text }: Fault): FieldFault | null {
  if (code !== "refused") return null;
  const found =
    /(?:^|\s)(objects|materials|blueprints)(?:\[(\d+)\]|\.([\w-]+))(?:\.(\S+?))?: (.+)$/.exec(text);
  if (found === null) return null;
  const [, list, index, name, path = "", reason = ""] = found;
  const of = list === "objects" ? (index ?? null) : (name ?? null);
  return { of, path, reason };
}

/** Whether a fault is to be shown at a field: it is about the field, or about a part of it. */
export function isAbout(fault: FieldFault | null, of: string, path: string): boolean {
  if (fault === null || fault.of !== of) return false;
  if (fault.path === path) return true;
  return fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`);
}
