import { render } from "preact";
import { App } from "./app";
import { Root } from "./ui/root";
import { Store } from "./ui/store";
import "./ui/styles/base.css";
import "./ui/styles/entry.css";
import "./ui/styles/hud.css";
import "./ui/styles/talk.css";

const host = document.getElementById("app");
if (host === null) throw new Error("index.html has no #app");
const stage = document.createElement("div");
stage.className = "stage";
stage.hidden = true;
const panels = document.createElement("div");
panels.className = "panels";
host.append(stage, panels);

const store = new Store();
const app = new App(store, stage);
render(<Root store={store} act={app} />, panels);
app.start();
