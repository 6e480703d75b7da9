/** What the builder asks before something is done that cannot be undone, or not by everybody. */
import { Question as Asked, type QuestionProps } from "../../ui/question";
import { b } from "../texts/words";

export function Question(props: Omit<QuestionProps, "no">) {
  return <Asked {...props} no={b("cancel")} />;
}
