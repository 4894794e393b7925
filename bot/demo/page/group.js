// The menu of a chat (a group's for its admins), new groups, and the reason shown where a person can't write.

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { askFor } from "./notice.js";
import { t } from "./words.js";

/** The menu of the open chat behind `button`, a group's for its admins. `say(sentence)` shows an error. */
export function watchChatMenu(store, button, say) {
  button.append(icon("more"));
  const draw = () => {
    const chat = store.chatOf(store.chat);
    button.hidden = chat?.type !== "private" && (!store.isAdmin || chat.type === "channel" || chat.migrated_to !== null);
  };
  for (const kind of ["place", "world"]) store.on(kind, draw);
  button.addEventListener("click", () => {
    const { right, bottom } = button.getBoundingClientRect();
    openMenu({ x: right - 236, y: bottom + 6, stays: true }, entries(store, say));
  });
}

function entries(store, say) {
  const { person, topic, chat: id } = store;
  const chat = store.chatOf(id);
  const act = async (name, more) => {
    try {
      await api.group(person, id, name, more);
    } catch (error) {
      say(error.message);
    }
  };
  const entry = (name, label, icon, more = {}) => ({ name, label, icon, act: () => act(name, more) });
  const newTopic = async () => {
    const name = await askFor(t("New topic"), t("What is it about?"), t("Open"));
    if (name) await act("topic", { name });
  };
  if (chat.type === "private") {
    return [chat.bot === "kicked" ? entry("unblock", t("Unblock the bot"), "sound") : { ...entry("block", t("Block the bot"), "block"), danger: true }];
  }
  const found = chat.type === "group" ? [entry("migrate", t("Turn into a supergroup"), "up")] : [];
  if (chat.type === "supergroup") {
    const masked = chat.anonymous.includes(person);
    found.push(masked ? entry("unmask", t("Write as yourself"), "mask") : entry("mask", t("Write as the group"), "mask"));
    found.push({ name: "topic", label: t("New topic…"), icon: "topic", act: newTopic });
    found.push(...topicEntries(chat.topics.find((one) => one.id === topic), entry));
  }
  return [...found, ...botEntries(chat, entry)];
}

function topicEntries(topic, entry) {
  if (!topic) return [];
  const where = { topic: topic.id };
  const lock = topic.closed ? entry("reopen", t("Open the topic again"), "lock", where) : entry("close", t("Close the topic"), "lock", where);
  return [lock, { ...entry("delete", t("Delete the topic"), "remove", where), danger: true }];
}

function botEntries({ type, bot }, entry) {
  if (bot === "kicked" || bot === "left") return [entry("plain", t("Add the bot"), "add")];
  const found = [];
  if (bot === "restricted") found.push(entry("plain", t("Let the bot speak"), "sound"));
  else if (type === "supergroup") found.push(entry("mute", t("Mute the bot"), "mute"));
  found.push(bot === "administrator" ? entry("plain", t("Make the bot a plain member"), "star") : entry("promote", t("Make the bot an admin"), "star"));
  return [...found, { ...entry("remove", t("Remove the bot"), "remove"), danger: true }];
}

/** The button that makes a basic group of all people. `made()` is called when it is open. */
export function watchNewGroup(store, button, { made, say }) {
  button.append(icon("add"));
  button.addEventListener("click", async () => {
    const title = await askFor(t("New group"), t("What should it be called?"), t("Create"));
    if (!title) return;
    try {
      const { id } = await api.foundGroup(store.person, title);
      store.setWorld(await api.world());
      store.go({ chat: id });
      made();
    } catch (error) {
      say(error.message);
    }
  });
}

/** Where a person can't write, `node` gives the reason in place of the `form`. */
export function watchClosed(store, form, node, say) {
  const draw = () => {
    const chat = store.chatOf(store.chat);
    if (!chat) return;
    const why = reason(store, chat, say);
    form.hidden = Boolean(why);
    node.hidden = !why;
    node.replaceChildren(why ?? "");
  };
  for (const kind of ["place", "world"]) store.on(kind, draw);
}

function reason(store, chat, say) {
  if (chat.migrated_to !== null) {
    const go = () => store.go({ chat: chat.migrated_to });
    return el("button", { type: "button", test: "go-there", onclick: go }, t("This group became a supergroup. Go there"));
  }
  if (chat.type === "private" && chat.bot === "kicked") {
    const unblock = () => api.group(store.person, chat.id, "unblock").catch((error) => say(error.message));
    return el("button", { type: "button", test: "unblock", onclick: unblock }, t("You blocked the bot. Unblock it"));
  }
  if (store.isAdmin) return null;
  if (chat.type === "channel") return t("Only admins can write in this channel");
  return chat.topics.some(({ id, closed }) => closed && id === store.topic) ? t("This topic is closed") : null;
}
