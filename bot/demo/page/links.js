// Links: which may be opened, and which lead to the bot or to a message.

const SAFE = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);
// https://core.telegram.org/api/links#bot-links
const HOSTS = new Set(["t.me", "telegram.me", "telegram.dog"]);
const PAYLOAD = /^[\w-]{1,64}$/u;

function parsed(url) {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

/** Whether a link may be opened. */
export const safeUrl = (url) => SAFE.has(parsed(url)?.protocol);

/** The place in one of `chats` that a link names by their number ({ chat, topic }), or null: https://core.telegram.org/api/links#message-links */
export function placeOf(url, chats) {
  const link = parsed(url);
  const [, number, topic] = /^\/c\/(\d+)(?:\/(\d+))?/u.exec(link?.pathname ?? "") ?? [];
  const chat = number && HOSTS.has(link.host) && chats.find(({ id }) => id === Number(`-100${number}`));
  return chat ? { chat: chat.id, topic: topic ? Number(topic) : null } : null;
}

/** The text that a link to the bot's private chat sends: /start with its payload, "" for the chat alone; null for other links. */
export function startOf(url, username) {
  const link = parsed(url);
  const web = link && /^https?:$/u.test(link.protocol) && HOSTS.has(link.host);
  const app = link?.protocol === "tg:" && /^tg:(\/\/)?resolve\?/u.test(url);
  const name = web ? link.pathname.replace(/^\/|\/$/gu, "") : app ? link.searchParams.get("domain") : null;
  if (name?.toLowerCase() !== username.toLowerCase()) return null;
  const payload = link.searchParams.get("start");
  return PAYLOAD.test(payload ?? "") ? `/start ${payload}` : "";
}
