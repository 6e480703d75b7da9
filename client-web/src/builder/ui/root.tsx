/** Everything of the builder that lies over the world. */
import type { Builder } from "../builder";
import { b } from "../texts/words";
import { DraftBanner } from "./drafts";
import { HistoryPanel } from "./history";
import { Sign } from "./icons";
import { Inspector } from "./inspector";
import { Library } from "./library";
import { MakingPanel } from "./making";
import { MeasureCard, MeasureLine } from "./measure";
import { Outline } from "./outline";
import { PeoplePanel } from "./people";
import { Help, ScorePanel } from "./side";
import { Toolbar } from "./toolbar";

export function BuilderRoot({ builder }: { builder: Builder }) {
  const notice = builder.notice.value;
  const waiting = builder.waiting.value;
  const front = builder.front.value;
  return (
    <section class="builder" data-front={front ?? "none"} aria-label={b("builderRegion")}>
      {builder.tool.value === "measure" && <MeasureLine builder={builder} />}
      <div class="builder-top">
        <Toolbar builder={builder} />
        {builder.paused.value && (
          <p class="builder-paused" role="status">
            <Sign name="pause" />
            {b("physicsPaused")}
          </p>
        )}
        <DraftBanner builder={builder} />
        {builder.tool.value === "measure" && <MeasureCard builder={builder} />}
        <p class="builder-notice" role="status" data-tone={notice?.tone ?? "info"}>
          {notice?.text}
        </p>
        {waiting > 1 && <p class="builder-waiting">{b("waitingCount", { count: waiting })}</p>}
      </div>
      <LeftSide builder={builder} />
      <RightSide builder={builder} />
    </section>
  );
}

function LeftSide({ builder }: { builder: Builder }) {
  switch (builder.left.value) {
    case "library":
      return <Library builder={builder} />;
    case "outline":
      return <Outline builder={builder} />;
    default:
      return null;
  }
}

function RightSide({ builder }: { builder: Builder }) {
  switch (builder.right.value) {
    case "inspector":
      return <Inspector builder={builder} />;
    case "help":
      return <Help builder={builder} />;
    case "score":
      return <ScorePanel builder={builder} />;
    case "history":
      return <HistoryPanel builder={builder} />;
    case "people":
      // It may have been taken away while the panel was open.
      return builder.role === "owner" ? <PeoplePanel builder={builder} /> : null;
    case "companions":
      return <MakingPanel builder={builder} />;
    default:
      return null;
  }
}
