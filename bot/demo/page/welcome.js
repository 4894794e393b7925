// The welcome in an empty chat: the bot's description, and how to begin.

import { el, face } from "./dom.js";
import { chip, ideas } from "./panel.js";
import { t, w } from "./words.js";

const WORDS = {
  private: w("Say what you'd like to see, with or without photos, and the bot draws it. Everything stays on this machine."),
  channel: w("Posts of the admins and of the bot appear here."),
  group: w("In a group the bot answers commands, replies and mentions."),
};

/** Draw the welcome into `node`, or hide it when the chat is not empty. */
export function drawWelcome(store, node, composer, empty) {
  node.hidden = !empty;
  if (!empty || !store.world) return;
  const { world: { bot }, profile } = store;
  const { type } = store.chatOf(store.chat) ?? {};
  const kind = type === "private" || type === "channel" ? type : "group";
  const begin = el("button.primary", { type: "button", test: "start", onclick: () => composer.sendNow("/start") }, t("Start"));
  const chips = ideas(store).slice(0, 3).map((text) => chip(text, (words) => composer.fill(words)));
  node.replaceChildren(
    el(
      "div.welcome",
      {},
      face({ ...bot, is_bot: true }, true),
      el("strong", {}, profile.name),
      el("p", { test: "description" }, (kind === "private" && profile.description) || t(WORDS[kind])),
      kind === "private" ? begin : null,
      el("div.tries", {}, chips),
    ),
  );
}
