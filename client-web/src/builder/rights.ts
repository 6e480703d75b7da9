/** Who may build here: the role of this device in a world, and invitations that give one. */
import type { Role } from "../protocol/operation";
import { isRecord } from "./edits";

export type { Role };

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Whatever else the server says gives no rights. */
export function roleOf(value: unknown): Role {
  return value === "owner" || value === "builder" ? value : "visitor";
}

async function fields(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response.json().catch(() => null);
  return isRecord(body) ? body : {};
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

/** The role of the key's owner; null: it cannot be had now. */
export async function fetchRole(fetch: Fetch, world: string, key: string): Promise<Role | null> {
  const url = `/api/worlds/${encodeURIComponent(world)}/role`;
  try {
    const response = await fetch(url, { headers: bearer(key) });
    return response.ok ? roleOf((await fields(response)).role) : null;
  } catch {
    return null;
  }
}

/** The invitation in the address of this page; null: none. */
export function invitationIn(hash: string): string | null {
  return /^#invitation=([0-9a-f]{16,256})$/i.exec(hash)?.[1] ?? null;
}

/** Takes an invitation, as `name` if it is known; null: it is not good, or no more. */
export async function redeem(
  fetch: Fetch,
  invitation: string,
  key: string,
  name: string,
): Promise<{ world: string | null; role: Role } | null> {
  try {
    const response = await fetch("/api/invitations", {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json" },
      body: JSON.stringify({ invitation, ...(name === "" ? {} : { name }) }),
    });
    if (!response.ok) return null;
    const { world, role } = await fields(response);
    return { world: typeof world === "string" ? world : null, role: roleOf(role) };
  } catch {
    return null;
  }
}

/** Makes an invitation and gives the address to pass on; null: the server refused. */
export async function invite(
  fetch: Fetch,
  world: string,
  key: string,
  role: "owner" | "builder",
  expiresInS: number,
  origin: string,
): Promise<string | null> {
  const url = `/api/worlds/${encodeURIComponent(world)}/invitations`;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json" },
      body: JSON.stringify({ role, expires_in_s: expiresInS }),
    });
    if (!response.ok) return null;
    const { invitation } = await fields(response);
    return typeof invitation === "string"
      ? `${origin}/${encodeURIComponent(world)}#invitation=${invitation}`
      : null;
  } catch {
    return null;
  }
}
