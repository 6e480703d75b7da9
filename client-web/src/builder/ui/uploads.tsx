/** Uploaded things in the library: bringing some, placing them, and how much room there is. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Builder } from "../builder";
import { noteText } from "../texts/notes";
import { b } from "../texts/words";
import type { Sending, Upload } from "../uploads";
import { Sign } from "./icons";

/** What can be chosen in the browser's dialogue. */
const ENDINGS = ".glb,.gltf,.zip,.png,.jpg,.jpeg,.webp,.ktx2,.hdr,.ogg,.mp3,.wav";

export function UploadBar({ builder }: { builder: Builder }) {
  const field = useRef<HTMLInputElement>(null);
  const { uploads } = builder;
  const room = uploads.room.value;
  return (
    <div class="builder-uploads">
      <button
        type="button"
        class="button builder-upload"
        title={b("uploadKinds")}
        onClick={() => field.current?.click()}
      >
        <Sign name="upload" />
        {b("uploadFiles")}
      </button>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        accept={ENDINGS}
        aria-label={b("uploadFiles")}
        onChange={(event) => {
          uploads.add(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
      {room !== null && (
        <span class="hint builder-room">
          {b("uploadRoom", { used: megabytes(room.bytes), most: megabytes(room.bytesMax) })}
        </span>
      )}
      {uploads.sending.value.length > 0 && (
        <ul class="builder-sending" aria-live="polite">
          {uploads.sending.value.map((sending) => (
            <SendingRow key={sending.id} builder={builder} sending={sending} />
          ))}
        </ul>
      )}
    </div>
  );
}

function megabytes(bytes: number): string {
  const value = bytes / (1 << 20);
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

function SendingRow({ builder, sending }: { builder: Builder; sending: Sending }) {
  const { id, name, done01, trouble, notes } = sending;
  const isTaken = notes.length > 0;
  const state =
    trouble ??
    (isTaken
      ? [b("uploadTaken"), ...notes.map(noteText)].join(" ")
      : done01 === null
        ? b("uploadWaits")
        : done01 < 1
          ? b("uploadDone", { percent: Math.floor(done01 * 100) })
          : b("uploadChecked"));
  return (
    <li class={trouble === null ? "" : "builder-trouble"}>
      <span class="builder-sent-name" title={name}>
        {name}
      </span>
      <button
        type="button"
        class="button icon-button"
        aria-label={b(trouble === null && !isTaken ? "uploadCancel" : "uploadPutAway", { name })}
        onClick={() => builder.uploads.cancel(id)}
      >
        <Sign name="close" />
      </button>
      {trouble === null && !isTaken && (
        <progress
          aria-label={name}
          max={1}
          {...(done01 !== null && done01 < 1 ? { value: done01 } : {})}
        />
      )}
      <small>{state}</small>
    </li>
  );
}

/** The picture of an upload: an image is its own. */
export function UploadPicture({ upload }: { upload: Upload }) {
  if (upload.kind === "image" && !upload.path.endsWith(".ktx2")) {
    return <img class="builder-drawing" src={`/assets/${upload.path}`} alt="" draggable={false} />;
  }
  return (
    <Sign name={upload.kind === "sound" ? "sound" : upload.kind === "sky" ? "sky" : "image"} />
  );
}

/** What can be done with an upload besides placing it. */
export function UploadTools({ builder, upload }: { builder: Builder; upload: Upload }) {
  return (
    <>
      {upload.kind === "sound" && <SoundButton upload={upload} />}
      <button
        type="button"
        class="button icon-button builder-forget"
        disabled={upload.used}
        aria-label={b("uploadDelete", { name: upload.name })}
        title={upload.used ? b("uploadInUse") : b("uploadDelete", { name: upload.name })}
        onClick={() => {
          void builder.uploads.forget(upload.path).then((trouble) => {
            if (trouble !== null) builder.say(trouble, "trouble");
          });
        }}
      >
        <Sign name="delete" />
      </button>
    </>
  );
}

/** Plays a sound before it is placed; it falls silent when its entry goes. */
function SoundButton({ upload }: { upload: Upload }) {
  const audio = useRef<HTMLAudioElement | null>(null);
  const [playing, setPlaying] = useState(false);
  useEffect(() => () => audio.current?.pause(), []);
  const toggle = (): void => {
    if (audio.current === null) {
      audio.current = new Audio(`/assets/${upload.path}`);
      audio.current.onpause = () => setPlaying(false);
      audio.current.onended = () => setPlaying(false);
    }
    if (playing) {
      audio.current.pause();
      return;
    }
    audio.current.currentTime = 0;
    setPlaying(true);
    audio.current.play().catch(() => setPlaying(false));
  };
  return (
    <button
      type="button"
      class="button icon-button builder-listen"
      aria-label={b(playing ? "uploadSilence" : "uploadListen", { name: upload.name })}
      onClick={toggle}
    >
      <Sign name={playing ? "silence" : "listen"} />
    </button>
  );
}
