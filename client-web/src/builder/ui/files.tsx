/** The world as a file: taken out, and brought in beside what is here or in its place. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Builder } from "../builder";
import { b } from "../texts/words";
import { tellOutcome } from "./told";

export function Files({ builder }: { builder: Builder }) {
  const isBusy = useSignal(false);
  const { past, bench } = builder;
  const out = async (form: "zip" | "glb"): Promise<void> => {
    isBusy.value = true;
    const file = await past.takeOut(form);
    isBusy.value = false;
    if (file === null) {
      builder.say(b("fileFailed"), "trouble");
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${bench.world}.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return (
    <>
      <h3>{b("worldFile")}</h3>
      <p class="hint">{b("worldFileHint")}</p>
      <span class="builder-row-tools">
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => void out("zip")}
        >
          {b("fileOut")}
        </button>
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => void out("glb")}
        >
          {b("fileOutGlb")}
        </button>
      </span>
      {isBusy.value && <progress aria-label={b("fileBusy")} />}
      <BringIn builder={builder} />
    </>
  );
}

function BringIn({ builder }: { builder: Builder }) {
  const field = useRef<HTMLInputElement>(null);
  const replaces = useSignal(false);
  const sending = useSignal<{ done01: number; stop(): void } | null>(null);
  const warnings = useSignal<readonly string[]>([]);
  const bring = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (replaces.peek() && !confirm(b("replaceAsk", { name: file.name }))) return;
    warnings.value = [];
    const abort = new AbortController();
    sending.value = { done01: 0, stop: () => abort.abort() };
    const told = await builder.past.bringIn(
      file,
      replaces.peek(),
      (done01) => {
        if (sending.peek() !== null) sending.value = { done01, stop: () => abort.abort() };
      },
      abort.signal,
    );
    sending.value = null;
    if (told === null) return;
    if (told.kind === "done") warnings.value = told.warnings;
    tellOutcome(builder, told, "fileBrought");
  };
  return (
    <>
      <span class="builder-row-tools">
        <button
          type="button"
          class="button"
          disabled={sending.value !== null}
          onClick={() => field.current?.click()}
        >
          {b("fileIn")}
        </button>
      </span>
      <input
        ref={field}
        type="file"
        hidden
        accept=".zip,.glb"
        aria-label={b("fileIn")}
        onChange={(event) => {
          void bring(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      {builder.role === "owner" && (
        <label class="builder-check">
          <input
            type="checkbox"
            checked={replaces.value}
            onChange={(event) => {
              replaces.value = event.currentTarget.checked;
            }}
          />
          {b("fileReplaces")}
        </label>
      )}
      {sending.value !== null && <FileOnItsWay {...sending.value} />}
      {warnings.value.length > 0 && (
        <Warnings
          warnings={warnings.value}
          putAway={() => {
            warnings.value = [];
          }}
        />
      )}
    </>
  );
}

function FileOnItsWay({ done01, stop }: { done01: number; stop(): void }) {
  const isSent = done01 >= 1;
  return (
    <div class="builder-sending-file">
      <progress aria-label={b("fileBusy")} max={1} {...(isSent ? {} : { value: done01 })} />
      <small>
        {isSent ? b("fileChecked") : b("fileSent", { percent: Math.floor(done01 * 100) })}
      </small>
      {!isSent && (
        <button type="button" class="button quiet" onClick={stop}>
          {b("cancel")}
        </button>
      )}
    </div>
  );
}

/** What of a file could not be taken as it is, in the server's words. */
function Warnings({ warnings, putAway }: { warnings: readonly string[]; putAway(): void }) {
  return (
    <section class="builder-question" role="status">
      <p>
        <b>{b("fileWarnings")}</b>
      </p>
      <ul class="builder-warnings">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
      <span class="builder-row-tools">
        <button type="button" class="button quiet" onClick={putAway}>
          {b("putAway")}
        </button>
      </span>
    </section>
  );
}
