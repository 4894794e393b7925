// The side panel: the choice of person and chat, ideas for prompts, and faults to play.

import * as api from "./api.js";
import { el, face } from "./dom.js";
import { FAULTS, PROMPTS } from "./faults.js";
import { dayKey, dayName, summary, time, writerOf } from "./format.js";
import { ideasFor } from "./ideas.js";
import { t, w } from "./words.js";

/** The choice of the person to act as. */
export function watchPeople(store, node) {
  const draw = () => {
    node.replaceChildren(...store.world.people.map((person) => personButton(store, person)));
  };
  for (const kind of ["world", "place", "unread"]) store.on(kind, () => keepFocus(node, draw));
}

function personButton(store, person) {
  const count = store.chatsOf(person.id).reduce((sum, chat) => sum + store.unread(person.id, chat.id), 0);
  const chosen = person.id === store.person;
  const go = () => store.go({ person: person.id, chat: store.chat });
  return el(
    "button.person",
    { type: "button", test: "person", data: { id: person.id, focus: person.id }, "aria-pressed": String(chosen), onclick: go },
    face(person),
    el("span.person-words", {}, el("b", {}, person.name), el("small", {}, `@${person.username}`)),
    !chosen && count ? badge(count) : null,
  );
}

/** The chats of the person, with their last message. `opened()` is called when one is chosen. */
export function watchChats(store, node, opened) {
  const open = (chat) => {
    store.go({ chat: chat.id });
    opened();
  };
  const draw = () => {
    if (store.person === null) return;
    node.replaceChildren(...store.chatsOf(store.person).map((chat) => chatButton(store, chat, () => open(chat))));
  };
  for (const kind of ["world", "place", "unread", "messages", "edited", "deleted"]) store.on(kind, () => keepFocus(node, draw));
}

function chatButton(store, chat, open) {
  const last = store.last(chat.id);
  const count = store.unread(store.person, chat.id);
  const current = chat.id === store.chat;
  const day = last && dayKey(last.date) === dayKey(Date.now() / 1000) ? time(last.date) : last ? dayName(last.date) : "";
  return el(
    "button.chat",
    { type: "button", test: "chat-tab", data: { id: chat.id, type: chat.type, moved: chat.migrated_to !== null, focus: chat.id }, "aria-current": current ? "true" : null, onclick: open },
    faceOf(store, chat),
    el(
      "span.chat-words",
      {},
      el("span.chat-line", {}, el("b", {}, store.titleOf(chat)), el("small", {}, day)),
      el("span.chat-line", {}, el("span.preview", { test: "preview" }, preview(store, chat, last)), count ? badge(count) : null),
    ),
  );
}

/** The face of a chat: the bot's in private, the group's own. */
export const faceOf = (store, chat) => (chat.type === "private" ? face(store.world.bot, true) : face(chat));

function preview(store, chat, last) {
  if (!last) return t("No messages yet");
  if (last.service) return summary(last);
  const who = writerOf(last) === store.person ? t("You: ") : chat.type === "private" ? "" : t("{name}: ", last.from);
  return who + summary(last);
}

const badge = (count) => el("span.badge", { test: "unread", "aria-label": t("{count} unread", { count }) }, count > 99 ? "99+" : String(count));

/** Redraw without losing the focus, or a press: a button must not be replaced while it is held down. */
function keepFocus(node, draw) {
  if (node.matches(":active")) {
    addEventListener("pointerup", () => setTimeout(() => keepFocus(node, draw)), { once: true });
    return;
  }
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  draw();
  if (focused) node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Ideas that fill the composer, fitting the kind of chat. */
export function watchTries(store, node, fill) {
  store.on("place", () => {
    const found = ideas(store);
    node.parentElement.hidden = !found.length;
    node.replaceChildren(...found.map((text) => chip(text, fill)));
  });
}

/** The ideas for the open chat; readers of a channel get none. */
export function ideas(store) {
  const type = store.chatOf(store.chat)?.type;
  if (type === "channel" && !store.isAdmin) return [];
  return ideasFor(type);
}

/** A chip that fills the composer. */
export const chip = (text, fill) => el("button.chip", { type: "button", test: "try", data: { text }, lang: /\p{Script=Han}/u.test(text) ? "zh" : null, onclick: () => fill(text) }, text);

/** Faults for the running simulators. `say(sentence)` shows what was planned; `fill(words)` fills the composer. */
export function watchFaults(store, node, say, fill) {
  const rows = el("div");
  node.replaceChildren(el("details", {}, el("summary", { test: "faults-open", fixed: { text: w("Faults on request") } }), rows));
  for (const kind of ["world", "language"]) store.on(kind, () => rows.replaceChildren(...faultRows(store.world.services, say, (text) => fill(addressed(store, text)))));
}

/** The words as one says them to the bot in the open chat. */
const addressed = (store, text) => (store.chatOf(store.chat)?.type === "private" ? text : `/imagine ${text}`);

function faultRows(services, say, fill) {
  const ask = async (work, done) => {
    try {
      await work();
      say(done);
    } catch (error) {
      say(error.message);
    }
  };
  const known = FAULTS.filter(({ service }) => services.includes(service));
  const buttons = known.map(({ label, service, faults }) =>
    el(
      "button.fault",
      { type: "button", test: "fault", data: { service }, onclick: () => ask(() => Promise.all(faults.map((fault) => api.fault(service, fault))), t("Arranged: {label}", { label: t(label) })) },
      el("span.service", { data: { service } }, service === "telegram" ? "TG" : "JM"),
      t(label),
    ),
  );
  const clear = el("button.fault.quiet", { type: "button", test: "faults-clear", onclick: () => ask(api.clearFaults, t("All is well again")) }, t("Put everything right"));
  const prompts = PROMPTS.filter(({ service }) => services.includes(service)).map(({ label, text }) =>
    el("button.fault", { type: "button", test: "fault-prompt", data: { text }, onclick: () => fill(text) }, el("span.service", {}, "✎"), t(label)),
  );
  return [...buttons, ...prompts, clear];
}
