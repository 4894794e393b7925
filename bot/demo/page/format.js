// Formats times, sizes and names for people.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const fine = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const day = { sameYear: { day: "numeric", month: "long" }, other: { day: "numeric", month: "long", year: "numeric" } };

/** Unix seconds as 19:42. */
export const time = (seconds) => clock.format(seconds * 1000);

/** Unix seconds as 19:42:07. */
export const timeWithSeconds = (seconds) => fine.format(seconds * 1000);

/** Unix seconds in full. */
export const moment = (seconds) => full.format(seconds * 1000);

/** The key of the day a message belongs to, in the reader's time zone. */
export const dayKey = (seconds) => new Date(seconds * 1000).toDateString();

/** "Today", "Yesterday" or the date. */
export function dayName(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString("en-GB", date.getFullYear() === now.getFullYear() ? day.sameYear : day.other);
}

/** Bytes as 4.8 MB. */
export function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1000).toFixed(size < 1e4 ? 1 : 0)} KB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** The id of a message's author, a person or a chat. */
export const writerOf = (message) => message.author ?? message.from.id;

/** The labels of messages that are neither text, pictures nor files, by their kind. */
export const THINGS = { voice: "Voice message", sticker: "Sticker", video: "Video", location: "Place" };

/** One line for a message: its text, or the kind of its content. */
export function summary(message) {
  if (message.text) return message.text.replace(/\s+/gu, " ").slice(0, 160);
  if (message.photo) return message.album ? "Album" : "Photo";
  if (message.thing?.kind === "poll") return message.thing.question;
  if (message.thing) return [message.thing.emoji, THINGS[message.thing.kind]].filter(Boolean).join(" ");
  return message.document?.name ?? "Message";
}

/** The extension of a file's name, at most four letters. */
export const extension = (name) => (/\.([^.]{1,4})$/u.exec(name)?.[1] ?? "file").toUpperCase();
