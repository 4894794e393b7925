// Puts the page together: the store, its views, and the stream of events.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { watchDraft } from "./draft.js";
import { summary, time, writerOf } from "./format.js";
import { watchChatMenu, watchClosed, watchNewGroup } from "./group.js";
import { watchHeader } from "./header.js";
import { Inspector } from "./inspector.js";
import { Presses } from "./keyboard.js";
import { placeOf, startOf } from "./links.js";
import { closeMenu, openMenu, watchMenus } from "./menu.js";
import { copy, showAlert, toast } from "./notice.js";
import { watchChats, watchFaults, watchPeople, watchTries } from "./panel.js";
import { placeInAddress, watchPlace } from "./place.js";
import { watchSheets } from "./sheets.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { openViewer } from "./viewer.js";
import { drawWelcome } from "./welcome.js";
import { readLabels, speak, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const store = new Store();

readLabels(document);
// Before the views draw: they speak the language of the person.
store.on("place", () => speak(store.personOf(store.person).language_code) && store.emit("language"));

const presses = new Presses((key) => {
  for (const node of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) node.setAttribute("aria-busy", String(presses.has(key)));
}, toast);

const composer = new Composer(store, byId("composer"), { drop: byId("drop"), say: toast });

const words = {
  command: (text) => composer.sendNow(text),
  startOf: (url) => startOf(url, store.world.bot.username),
  start: (text) => composer.start(text),
  placeOf: (url) => placeOf(url, store.chatsOf(store.person)),
  go: (place) => store.go(place),
};

const timeline = new Timeline(
  store,
  { scroller: byId("scroller"), list: byId("timeline"), jump: byId("jump"), empty: (empty) => drawWelcome(store, byId("empty"), composer, empty) },
  {
    ...words,
    presses,
    toast,
    copy,
    press: (message, data) => presses.press(store.person, message, data),
    vote: (message, option) => api.vote(store.person, message.chat, message.id, option).catch((error) => toast(error.message)),
    open: (message) => openViewer(timeline.photos(), message),
    ask: (query) => composer.ask(query),
    menu: (event, message) => showMenu(event, message),
  },
);

function showMenu(event, message) {
  const box = event.target.getBoundingClientRect();
  // A menu opened by key has no pointer position.
  const at = event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : { x: box.left, y: box.bottom };
  const items = [];
  if (message.only_for === null) items.push({ name: "reply", label: t("Reply"), icon: "reply", act: () => composer.reply(message) });
  if (mayEdit(message)) items.push({ name: "edit", label: t("Edit"), icon: "pencil", act: () => composer.edit(message) });
  if (message.text) items.push({ name: "copy", label: t("Copy text"), icon: "copy", act: () => copy(message.text) });
  if (message.photo) items.push({ name: "save", label: t("Save picture"), icon: "download", act: () => save(message) });
  if (mayDelete(message)) items.push({ name: "delete", label: t("Delete"), icon: "remove", danger: true, act: () => remove(message) });
  openMenu({ ...at, of: `${message.chat}:${message.id}` }, items);
}

/** As in Telegram, a person changes the words of own messages. */
const mayEdit = (message) => writerOf(message) === store.person && message.only_for === null && !message.service && !message.thing && !message.via;

/** As in Telegram, a person deletes own messages anywhere, all in a private chat, and all as an admin. */
function mayDelete(message) {
  const chat = store.chatOf(message.chat);
  return [writerOf(message), message.only_for].includes(store.person) || chat.type === "private" || chat.admins.includes(store.person);
}

function save({ id, photo }) {
  const link = el("a", { href: api.fileUrl(photo.file_id), download: `picture-${id}.jpg` });
  link.click();
}

async function remove(message) {
  try {
    await api.remove(store.person, message.chat, message.id);
  } catch (error) {
    toast(error.message);
  }
}

/** The message under a pointer; in an album, that of the picture. */
function messageAt(target) {
  const id = target.closest(".tile, .document")?.dataset.id ?? target.closest(".row").dataset.id;
  return store.messages(store.chat).get(Number(id));
}

const stop = (draft) => api.stop(store.person, store.chat, draft).catch((error) => toast(error.message));
watchDraft(store, byId("timeline"), { ...words, stop });
watchPlace(store);
watchHeader(store, { face: byId("top-face"), title: byId("top-title"), subtitle: byId("top-subtitle"), topics: byId("topics") });
watchChatMenu(store, byId("chat-menu"), toast);
watchClosed(store, byId("composer"), byId("closed"), toast);
const sheets = watchSheets({ panel: byId("panel-toggle"), calls: byId("inspector-toggle"), shade: byId("shade") });
watchPeople(store, byId("people"));
watchChats(store, byId("chats"), () => sheets.close());
watchNewGroup(store, byId("new-group"), { made: () => sheets.close(), say: toast });
const fill = (text) => (sheets.close(), composer.fill(text));
watchTries(store, byId("tries"), fill);
watchFaults(store, byId("faults"), toast, fill);
new Inspector(store, byId("inspector"), () => sheets.hideCalls());
watchMenus(byId("scroller"), ".bubble", (event, target) => showMenu(event, messageAt(target)));
byId("jump").append(icon("down"));

store.on("answer", (answer) => {
  presses.answered(answer);
  if (answer.person !== store.person) return;
  if (answer.text && answer.alert) showAlert(store.world.bot.name, answer.text);
  else if (answer.text) toast(answer.text);
});
// If it can't be loaded now, the stream is broken too, and everything is loaded again afterwards.
// Of several answers the latest question's counts: an older one may arrive later.
let asked = 0;
const learn = () => {
  const mine = ++asked;
  return api.world().then((world) => mine === asked && store.setWorld(world), () => {});
};
store.on("commands", learn);
store.on("deleted", ({ chat, ids }) => ids.forEach((id) => closeMenu(`${chat}:${id}`)));
// The bot may describe itself only after the page has been drawn.
store.on("world", () => store.chatOf(store.chat) && !byId("empty").hidden && drawWelcome(store, byId("empty"), composer, true));
store.on("message", ({ chat, topic }) => {
  const known = store.chatOf(chat);
  if (!known || (topic !== null && !known.topics.some(({ id }) => id === topic))) learn();
});
store.on("message", (message) => {
  if (message.chat === store.chat && store.sees(message) && writerOf(message) !== store.person) byId("announcer").textContent = `${message.from.name}: ${summary(message)}`;
});
document.addEventListener("visibilitychange", () => !document.hidden && store.world && store.read());

const tick = () => (byId("clock").textContent = time(Date.now() / 1000));
tick();
setInterval(tick, 1000);

// Events that come while the state is being loaded are applied after it, so that none is lost.
let waiting = null;

async function load() {
  const mine = (waiting = []);
  try {
    const world = await api.world();
    const lists = await Promise.all(world.chats.map(async ({ id }) => [id, await api.messages(id)]));
    const calls = await api.calls();
    if (waiting !== mine) return;
    const first = store.world === null;
    store.setWorld(world);
    for (const [chat, { messages, draft }] of lists) {
      store.setMessages(chat, messages);
      store.setDraft(chat, draft);
    }
    store.setCalls(calls);
    if (first) store.go(placeInAddress());
    else if (!store.chatOf(store.chat)) store.go({});
    store.setOnline(true);
    waiting = null;
    mine.forEach((event) => store.apply(event));
    document.body.dataset.ready = "true";
  } catch {
    if (waiting === mine) setTimeout(load, 1000);
  }
}

api.follow({
  opened: load,
  happened: (event) => (waiting ? waiting.push(event) : store.apply(event)),
  lost: () => store.setOnline(false),
});
