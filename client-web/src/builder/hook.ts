/** Joins the builder's door to the page: its buttons, and what it tells people. */
import { effect } from "@preact/signals";
import { t } from "../i18n/translate";
import { keyHex } from "../identity";
import type { Store } from "../ui/store";
import { BuilderDoor, type Invited } from "./door";
import type { Workbench } from "./workbench";

export interface HookParts {
  store: Store;
  /** Where the builder's panels go. */
  host: HTMLElement;
  workbench(close: () => void): Promise<Workbench | null>;
  remark(text: string): void;
}

export function hookDoor({ store, host, workbench, remark }: HookParts): BuilderDoor {
  const door = new BuilderDoor({
    fetch: (url, init) => fetch(url, init),
    after: (ms, then) => void setTimeout(then, ms),
    key: keyHex,
    name: () => store.profile.peek().name,
    workbench,
    host,
    load: () => import("./mount"),
    failed: () => remark(t("builderFailed")),
    forbidden: () => remark(t("deniedNotAllowed")),
  });
  effect(() => {
    store.mayBuild.value = door.role.value !== "visitor";
    store.building.value = door.isOpen.value;
  });
  return door;
}

/** Takes the invitation in the page's address; false: there is none. */
export function takeInvitation(door: BuilderDoor, store: Store): boolean {
  const { hash, pathname } = location;
  if (!hash.startsWith("#invitation=")) return false;
  // The link names the world before the hash.
  const named = /^\/([a-z0-9-]{1,32})$/.exec(pathname)?.[1];
  if (named !== undefined) store.wantedWorld.value = named;
  const forget = (): void => {
    const address = new URL("/", location.href);
    address.search = location.search;
    history.replaceState(history.state, "", address);
  };
  void door.redeem(hash, forget).then((invited) => {
    store.welcome.value = invitedText(invited);
    if (invited.kind === "accepted" && invited.world !== null) {
      store.wantedWorld.value = invited.world;
    }
  });
  return true;
}

function invitedText(invited: Invited): string {
  if (invited.kind !== "accepted") return t("invitationRefused");
  const world = invited.world ?? t("invitedAll");
  return t(invited.role === "owner" ? "invitedOwner" : "invitedBuilder", { world });
}
