// Writes every asset anew: `node assets/make/all.mjs`. The same files come out of every run.

import { makeGarden } from "./garden.mjs";
import { makeModels } from "./models.mjs";
import { makePlaza } from "./plaza.mjs";
import { makeSounds } from "./sounds.mjs";

const lines = [...makeModels(), ...makeSounds(), makePlaza(), makeGarden()];
process.stdout.write(`${lines.join("\n")}\n`);
