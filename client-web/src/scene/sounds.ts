/**
 * What is heard: the document's sounds, each at its place. Nothing plays before the person has
 * touched the page, as browsers demand.
 */
import type { Vector3 } from "three";
import { placeOf } from "../document/apply";
import { same } from "../document/compare";
import type { Sound, WorldDocument } from "../protocol/document";
import { placeObject, placeObjects } from "./resolve";
import type { ObjectView, Vec3 } from "./view";

interface Voice {
  object: number;
  sound: Sound;
  position: Vec3;
  panner: PannerNode | null;
  source: AudioBufferSourceNode | null;
}

const GESTURES = ["pointerdown", "keydown", "touchend"] as const;

export class Sounds {
  #voices: Voice[] = [];
  #buffers = new Map<string, Promise<AudioBuffer | null>>();
  #context: AudioContext | null = null;
  #out: GainNode | null = null;
  #volume = 0.8;
  #assetsUrl = "";
  #start = () => this.#wake();

  constructor() {
    for (const gesture of GESTURES) window.addEventListener(gesture, this.#start);
  }

  load(document: WorldDocument, assetsUrl: string): void {
    this.clear();
    this.#assetsUrl = assetsUrl.endsWith("/") ? assetsUrl : `${assetsUrl}/`;
    for (const object of placeObjects(document)) {
      const sound = object.properties.sound;
      if (!sound) continue;
      const position = object.position;
      this.#voices.push({ object: object.id, sound, position, panner: null, source: null });
    }
    if (this.#context) this.#playLoops();
  }

  /** Takes over what is now in the document of these objects. */
  edit(document: WorldDocument, changed: ReadonlySet<number>): void {
    for (const id of changed) {
      const object = placeObject(document, placeOf(document, id));
      const sound = object?.id === id ? object.properties.sound : undefined;
      const before = this.#voices.find((voice) => voice.object === id);
      if (before && object && same(before.sound, sound)) {
        before.position = object.position;
        if (before.panner) place(before.panner, object.position);
        continue;
      }
      if (before) this.#silence(before);
      this.#voices = this.#voices.filter((voice) => voice !== before);
      if (!object || !sound) continue;
      const { position } = object;
      const voice: Voice = { object: id, sound, position, panner: null, source: null };
      this.#voices.push(voice);
      if (this.#context && sound.plays === "always") void this.#play(voice);
    }
  }

  update(eye: Vector3, ahead: Vector3, objects: readonly ObjectView[]): void {
    const context = this.#context;
    if (!context || this.#voices.length === 0) return;
    const listener = context.listener;
    // Firefox knows only the old way.
    if (listener.positionX) {
      listener.positionX.value = eye.x;
      listener.positionY.value = eye.y;
      listener.positionZ.value = eye.z;
      listener.forwardX.value = ahead.x;
      listener.forwardY.value = ahead.y;
      listener.forwardZ.value = ahead.z;
    } else {
      listener.setPosition(eye.x, eye.y, eye.z);
      listener.setOrientation(ahead.x, ahead.y, ahead.z, 0, 1, 0);
    }
    const loud = this.#voices.filter((voice) => voice.panner);
    if (loud.length === 0) return;
    const moved = new Map(objects.map((object) => [object.object, object.position]));
    for (const voice of loud) {
      const position = moved.get(voice.object);
      if (position && voice.panner) place(voice.panner, position);
    }
  }

  enter(object: number): void {
    for (const voice of this.#voices) {
      if (voice.object === object && voice.sound.plays === "on_enter") void this.#play(voice);
    }
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    const now = this.#context?.currentTime ?? 0;
    this.#out?.gain.setTargetAtTime(this.#volume, now, 0.05);
  }

  clear(): void {
    for (const voice of this.#voices) this.#silence(voice);
    this.#voices = [];
  }

  dispose(): void {
    this.clear();
    for (const gesture of GESTURES) window.removeEventListener(gesture, this.#start);
    void this.#context?.close();
    this.#context = null;
  }

  #silence(voice: Voice): void {
    voice.source?.stop();
    voice.panner?.disconnect();
  }

  #wake(): void {
    for (const gesture of GESTURES) window.removeEventListener(gesture, this.#start);
    if (this.#context || typeof AudioContext === "undefined") return;
    this.#context = new AudioContext();
    this.#out = this.#context.createGain();
    this.#out.gain.value = this.#volume;
    this.#out.connect(this.#context.destination);
    this.#playLoops();
  }

  #playLoops(): void {
    for (const voice of this.#voices) {
      if (voice.sound.plays === "always") void this.#play(voice);
    }
  }

  async #play(voice: Voice): Promise<void> {
    const buffer = await this.#buffer(voice.sound.path);
    const context = this.#context;
    const out = this.#out;
    // The world may have changed while the sound came.
    if (!buffer || !context || !out || !this.#voices.includes(voice)) return;
    voice.source?.stop();
    voice.panner?.disconnect();
    const panner = new PannerNode(context, {
      panningModel: "equalpower",
      distanceModel: "inverse",
      refDistance: voice.sound.radius_m / 2,
      // Half as loud at the radius: ref / (ref + rolloff * (radius - ref)) = 1 / 2.
      rolloffFactor: 1,
    });
    place(panner, voice.position);
    const gain = new GainNode(context, { gain: voice.sound.volume ?? 1 });
    const source = new AudioBufferSourceNode(context, {
      buffer,
      loop: voice.sound.plays === "always",
    });
    source.connect(gain).connect(panner).connect(out);
    source.start();
    voice.panner = panner;
    voice.source = source;
  }

  #buffer(path: string): Promise<AudioBuffer | null> {
    let buffer = this.#buffers.get(path);
    if (!buffer) {
      buffer = this.#fetch(path);
      this.#buffers.set(path, buffer);
    }
    return buffer;
  }

  /** Null when it cannot be had: a silent world is still a world. */
  async #fetch(path: string): Promise<AudioBuffer | null> {
    try {
      const response = await fetch(this.#assetsUrl + path);
      if (!response.ok || !this.#context) return null;
      return await this.#context.decodeAudioData(await response.arrayBuffer());
    } catch {
      return null;
    }
  }
}

function place(panner: PannerNode, position: Vec3): void {
  panner.positionX.value = position[0];
  panner.positionY.value = position[1];
  panner.positionZ.value = position[2];
}
