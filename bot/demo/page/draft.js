// The message that the bot is still writing: a pale bubble at the end of the chat.

import { el } from "./dom.js";
import { rich } from "./text.js";
import { t, w } from "./words.js";

/** Keeps the draft of the open chat at the end of `list`. `actions`: for links and commands in it, and `stop(id)`. */
export function watchDraft(store, list, actions) {
  const words = el("div.text", { dir: "auto" });
  const bubble = el("div.bubble", {}, words);
  const stop = el("button.stop", { type: "button", test: "stop", fixed: { "aria-label": w("Stop") } });
  stop.addEventListener("click", () => actions.stop(store.draft(store.chat)?.id));
  // The list is redrawn at times; its style keeps the draft last.
  const node = el("li.row.first.last.draft", { test: "draft", data: { own: false } }, el("div.line", {}, el("div.stack", {}, bubble), stop));
  const thinking = () => el("span.thinking", {}, t("Thinking"), el("span.dots", { "aria-hidden": "true" }));

  const draw = () => {
    const draft = store.draft(store.chat);
    if (!draft) return node.remove();
    words.replaceChildren(...(draft.text ? rich(draft.text, draft.entities, actions) : [thinking()]));
    stop.hidden = !draft.can_stop;
    if (!node.isConnected) list.append(node);
  };
  for (const kind of ["place", "messages"]) store.on(kind, draw);
  store.on("draft", (chat) => chat === store.chat && draw());
}
