// Groups messages into rows, days and clusters; draws nothing.

import { dayKey, dayName } from "./format.js";
import { el } from "./dom.js";

// Messages of one person within this many seconds form a cluster, as in Telegram's apps.
const CLUSTER_SECONDS = 600;

const keyOf = (message) => (message.album ? `album ${message.album}` : `message ${message.id}`);

/** The rows of a chat in order: [{ key, messages }]. An album is one row, at the place of its first message. */
export function rowsOf(messages) {
  const rows = new Map();
  for (const message of messages) {
    const key = keyOf(message);
    if (rows.has(key)) rows.get(key).messages.push(message);
    else rows.set(key, { key, messages: [message] });
  }
  return [...rows.values()];
}

/** The row a message belongs to, or undefined. The search begins at the end, where most changes are. */
export function rowOf(rows, message) {
  const key = keyOf(message);
  return rows.findLast((entry) => entry.key === key);
}

/** Mark a row's element as the first of a day, or the first or last of a cluster. */
export function placeRow(node, entry, before, after) {
  const newDay = !before || dayOf(before) !== dayOf(entry);
  node.classList.toggle("first", newDay || !together(before, entry));
  node.classList.toggle("last", !after || dayOf(after) !== dayOf(entry) || !together(entry, after));
  node.querySelector(".day")?.remove();
  if (newDay) node.prepend(el("div.day", { test: "day" }, el("span", {}, dayName(entry.messages[0].date))));
}

const dayOf = (entry) => dayKey(entry.messages[0].date);

function together(a, b) {
  const [one, two] = [a.messages.at(-1), b.messages[0]];
  return !one.service && !two.service && one.from.id === two.from.id && two.date - one.date < CLUSTER_SECONDS;
}
