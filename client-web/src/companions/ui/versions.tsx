/** Earlier versions of a companion, to look at when they were made and to return to. */
import { useEffect } from "preact/hooks";
import { language } from "../../i18n/translate";
import type { Creation } from "../creation";
import { c } from "../texts/words";

export function Versions({ creation, mind }: { creation: Creation; mind: string }) {
  useEffect(() => void creation.askVersions(), [creation, mind]);
  const versions = creation.versions.value;
  if (versions === null) return <p class="hint">{c("loading")}</p>;
  const [newest] = versions;
  return (
    <>
      {versions.length < 2 && <p class="hint">{c("versionsNone")}</p>}
      <ul class="mind-list">
        {versions.map(({ number, atMs }) => (
          <li key={number}>
            <span>
              <b>{c("version", { number })}</b>{" "}
              <small>
                {new Date(atMs).toLocaleString(language.value, {
                  dateStyle: "medium",
                  timeStyle: "short",
                })}
              </small>
            </span>
            {number === newest?.number ? (
              <small>{c("versionNow")}</small>
            ) : (
              <button
                type="button"
                class="button quiet"
                aria-label={`${c("versionReturn")}: ${c("version", { number })}`}
                onClick={() => creation.returnTo(number)}
              >
                {c("versionReturn")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
