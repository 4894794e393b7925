// The chat's header: its name, its state, its topics, and the page's title.

import { el, icon } from "./dom.js";
import { faceOf } from "./panel.js";
import { many, t, w } from "./words.js";

// The API shows an action for this long, as Telegram does.
const ACTION_MS = 5000;
const ACTIONS = {
  typing: w("{bot} is writing"),
  upload_photo: w("{bot} is sending a photo"),
  upload_document: w("{bot} is sending a file"),
  upload_video: w("{bot} is sending a video"),
  choose_sticker: w("{bot} is choosing a sticker"),
};

/** Keeps `parts` { face, title, subtitle, topics } in step with the store. */
export function watchHeader(store, parts) {
  const busy = new Map();

  const subtitle = () => {
    const chat = store.chatOf(store.chat);
    const action = busy.get(store.chat);
    parts.subtitle.dataset.busy = String(Boolean(action));
    if (!store.online) parts.subtitle.textContent = t("connecting…");
    else if (action) parts.subtitle.replaceChildren(el("span", { test: "action" }, action.text, el("span.dots", { "aria-hidden": "true" })));
    else parts.subtitle.textContent = chat ? about(chat) : "";
  };

  const quiet = (chat) => {
    clearTimeout(busy.get(chat)?.timer);
    busy.delete(chat);
    subtitle();
  };

  const draw = () => {
    const chat = store.chatOf(store.chat);
    if (!chat) return;
    parts.face.replaceChildren(faceOf(store, chat));
    parts.title.textContent = store.titleOf(chat);
    drawTopics(store, chat, parts.topics);
    subtitle();
  };

  store.on("place", draw);
  store.on("world", draw);
  store.on("online", () => store.world && draw());
  store.on("action", ({ chat, action }) => {
    clearTimeout(busy.get(chat)?.timer);
    const text = t(ACTIONS[action] ?? w("{bot} is busy"), { bot: store.world.bot.name });
    busy.set(chat, { text, timer: setTimeout(() => quiet(chat), ACTION_MS) });
    subtitle();
  });
  store.on("message", (message) => message.from.id === store.world.bot.id && quiet(message.chat));
  store.on("unread", () => {
    const count = store.world.people.length && store.chatsOf(store.person).reduce((sum, chat) => sum + store.unread(store.person, chat.id), 0);
    document.title = (count ? `(${count}) ` : "") + t("imagine-bot demo");
  });
}

/** The number of members of a chat, and the bot's membership where it is unusual. */
function about({ type, members, bot }) {
  if (type === "private") return bot === "kicked" ? t("bot, blocked") : t("bot");
  if (type === "channel") return many(members.length, "1 subscriber", "{count} subscribers");
  const outside = bot === "kicked" || bot === "left";
  const count = many(members.length + (outside ? 0 : 1), "1 member", "{count} members");
  return count + (outside ? t(", without the bot") : bot === "restricted" ? t(", the bot is muted") : "");
}

function drawTopics(store, chat, node) {
  node.hidden = chat.topics.length === 0;
  const one = (id, name, closed) =>
    el("button", { type: "button", role: "tab", test: "topic", data: { id: id ?? "" }, "aria-selected": String(store.topic === id), onclick: () => store.go({ topic: id }) }, name, closed ? icon("lock") : null);
  node.replaceChildren(one(null, t("All")), ...chat.topics.map(({ id, name, closed }) => one(id, name, closed)));
}
