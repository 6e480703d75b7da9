// The sounds: synthesised, mono, 22,050 Hz, 16 bits. Loops end as they begin.

import { between, radians, random, writeAsset } from "./lib.mjs";

const RATE_HZ = 22050;

function wav(samples) {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE_HZ, 24);
  bytes.writeUInt32LE(RATE_HZ * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), 44 + i * 2);
  });
  return bytes;
}

function normalised(samples, peak) {
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
  return samples.map((sample) => (sample * peak) / loudest);
}

/** Makes a loop of `length` samples from a longer take by fading its tail into its head. */
function looped(take, length) {
  const fade = take.length - length;
  return take.slice(0, length).map((sample, i) => {
    if (i >= fade) return sample;
    const share = i / fade;
    return sample * Math.sqrt(share) + take[length + i] * Math.sqrt(1 - share);
  });
}

/** Noise through a one-pole low pass and a one-pole high pass. */
function noise(rng, count, lowPass, highPass) {
  let [low, slow] = [0, 0];
  return Array.from({ length: count }, () => {
    low += lowPass * (rng() * 2 - 1 - low);
    slow += highPass * (low - slow);
    return low - slow;
  });
}

function wind() {
  const [seconds, fade, rng] = [3, 0.3, random(1)];
  const length = seconds * RATE_HZ;
  const take = noise(rng, length + fade * RATE_HZ, 0.045, 0.004);
  const swell = (i) => 0.65 + 0.35 * Math.sin((2 * Math.PI * i) / length);
  return normalised(looped(take, length).map((sample, i) => sample * swell(i)), 0.6);
}

function stream() {
  const [seconds, fade, rng] = [3, 0.25, random(2)];
  const length = seconds * RATE_HZ;
  const take = noise(rng, length + fade * RATE_HZ, 0.35, 0.06).map((sample) => sample * 0.35);
  // Bubbles: short rising sines of falling loudness.
  for (let bubble = 0; bubble < 150; bubble += 1) {
    const start = Math.floor(rng() * (take.length - 3000));
    const [pitch, loud] = [between(rng, 380, 1500), between(rng, 0.03, 0.16)];
    let phase = 0;
    for (let i = 0; i < 2400; i += 1) {
      phase += (2 * Math.PI * pitch * (1 + i / 5000)) / RATE_HZ;
      take[start + i] += loud * Math.min(1, i / 60) * Math.exp(-i / 420) * Math.sin(phase);
    }
  }
  return normalised(looped(take, length), 0.6);
}

function birds() {
  const [seconds, rng] = [3.3, random(5)];
  const samples = new Array(Math.floor(seconds * RATE_HZ)).fill(0);
  const chirp = (start, length, from, to, loud, warble) => {
    let phase = 0;
    const count = Math.floor(length * RATE_HZ);
    for (let i = 0; i < count; i += 1) {
      const t = i / count;
      const pitch = from + (to - from) * t + warble * Math.sin(radians(360 * t * 4));
      phase += (2 * Math.PI * pitch) / RATE_HZ;
      samples[Math.floor(start * RATE_HZ) + i] += loud * Math.sin(Math.PI * t) ** 2 * Math.sin(phase);
    }
  };
  for (let i = 0; i < 4; i += 1) chirp(0.2 + i * 0.16, 0.11, 3600 - i * 120, 4300 - i * 100, 0.5, 90);
  chirp(1.15, 0.3, 2500, 2950, 0.35, 160);
  for (let i = 0; i < 6; i += 1) chirp(1.75 + i * 0.085, 0.06, 4700, between(rng, 3900, 4300), 0.28, 0);
  chirp(2.55, 0.14, 3100, 3700, 0.4, 60);
  chirp(2.75, 0.22, 3700, 2800, 0.4, 60);
  return normalised(samples, 0.5);
}

/** A struck bell: partials of their own decay. */
function struck(pitch, seconds, partials) {
  const count = Math.floor(seconds * RATE_HZ);
  const samples = Array.from({ length: count }, (_, i) => {
    const t = i / RATE_HZ;
    const attack = Math.min(1, i / 40);
    const release = Math.min(1, (count - i) / 800);
    const sum = partials.reduce(
      (total, [ratio, loud, decay]) =>
        total + loud * Math.exp(-t / decay) * Math.sin(2 * Math.PI * pitch * ratio * t),
      0,
    );
    return sum * attack * release;
  });
  return normalised(samples, 0.7);
}

const bellPartials = [[1, 1, 0.8], [2.01, 0.5, 0.5], [2.98, 0.35, 0.35], [4.2, 0.2, 0.2], [5.4, 0.12, 0.12]];

function fanfare() {
  const count = Math.floor(1.5 * RATE_HZ);
  const samples = new Array(count).fill(0);
  [523.25, 659.25, 783.99, 1046.5].forEach((pitch, note) => {
    const start = Math.floor(note * 0.11 * RATE_HZ);
    const tone = struck(pitch, 1.5 - note * 0.12, bellPartials.slice(0, 3));
    tone.forEach((sample, i) => {
      if (start + i < count) samples[start + i] += sample;
    });
  });
  return normalised(samples, 0.7);
}

/** A low, slow shimmer for portals. */
function hum() {
  const length = 3 * RATE_HZ;
  // Whole numbers of periods in three seconds, so that the loop has no seam.
  const voices = [[110, 0.6, 1], [165, 0.4, 2], [220, 0.35, 3], [330, 0.18, 4], [440, 0.1, 5]];
  const samples = Array.from({ length }, (_, i) => {
    const t = i / RATE_HZ;
    return voices.reduce((total, [pitch, loud, slow]) => {
      const swell = 0.6 + 0.4 * Math.sin((2 * Math.PI * slow * t) / 3);
      return total + loud * swell * Math.sin(2 * Math.PI * pitch * t);
    }, 0);
  });
  return normalised(samples, 0.5);
}

/** Writes every sound; returns a line about each. */
export function makeSounds() {
  const made = {
    wind: wind(),
    stream: stream(),
    birds: birds(),
    bell: struck(587.33, 2, bellPartials),
    chime: struck(1174.66, 1.2, bellPartials),
    strike: fanfare(),
    portal: hum(),
  };
  return Object.entries(made).map(([name, samples]) => {
    const bytes = wav(samples);
    writeAsset(`sounds/${name}.wav`, bytes);
    return `sounds/${name}.wav: ${(samples.length / RATE_HZ).toFixed(1)} s, ${bytes.length} B`;
  });
}
