// Formats times, sizes and names for people.

import { language, t, w } from "./words.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const fine = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const locale = () => (language() === "zh" ? "zh-CN" : "en-GB");

const day = { sameYear: { day: "numeric", month: "long" }, other: { day: "numeric", month: "long", year: "numeric" } };

/** Unix seconds as 19:42. */
export const time = (seconds) => clock.format(seconds * 1000);

/** Unix seconds as 19:42:07. */
export const timeWithSeconds = (seconds) => fine.format(seconds * 1000);

/** Unix seconds in full. */
export const moment = (seconds) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);

/** The key of the day a message belongs to, in the reader's time zone. */
export const dayKey = (seconds) => new Date(seconds * 1000).toDateString();

/** "Today", "Yesterday" or the date. */
export function dayName(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return t("Today");
  if (date.toDateString() === yesterday.toDateString()) return t("Yesterday");
  return date.toLocaleDateString(locale(), date.getFullYear() === now.getFullYear() ? day.sameYear : day.other);
}

/** Bytes as 4.8 MB. */
export function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1000).toFixed(size < 1e4 ? 1 : 0)} KB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** The id of a message's author, a person or a chat. */
export const writerOf = (message) => message.author ?? message.from.id;

/** The labels of messages that are neither text, pictures nor files, by their kind. */
export const THINGS = { voice: w("Voice message"), sticker: w("Sticker"), video: w("Video"), location: w("Place") };

const SERVICE = {
  forum_topic_created: w("{by} opened the topic “{topic}”"),
  forum_topic_closed: w("{by} closed the topic"),
  forum_topic_reopened: w("{by} opened the topic again"),
  group_chat_created: w("{by} made the group"),
  new_chat_members: w("{by} added {who}"),
  left_chat_member: w("{by} removed {who}"),
  migrate_to_chat_id: w("This group became a supergroup"),
  migrate_from_chat_id: w("This supergroup was a group before"),
};

/** The sentence of a service message. */
export const serviceWords = ({ service, text }) => (SERVICE[service.kind] ? t(SERVICE[service.kind], service) : text);

/** One line for a message: its text, or the kind of its content. */
export function summary(message) {
  if (message.service) return serviceWords(message);
  if (message.text) return message.text.replace(/\s+/gu, " ").slice(0, 160);
  if (message.photo) return t(message.album ? w("Album") : w("Photo"));
  if (message.thing?.kind === "poll") return message.thing.question;
  if (message.thing) return [message.thing.emoji, t(THINGS[message.thing.kind])].filter(Boolean).join(" ");
  return message.document?.name ?? t("Message");
}

/** The extension of a file's name, at most four letters. */
export const extension = (name) => (/\.([^.]{1,4})$/u.exec(name)?.[1] ?? t("file")).toUpperCase();
