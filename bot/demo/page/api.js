// The HTTP API for people of the simulated Telegram, and its stream of events.

import { said, t } from "./words.js";

const BASE = "api/";

async function call(path, init) {
  const response = await fetch(BASE + path, init);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ? said(body.error) : t("The simulator answered {status}.", response));
  return body;
}

const post = (path, json, signal) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(json), signal });

/** The bot, the people, the chats and their commands. */
export const world = () => call("world");

/** All messages of a chat, oldest first, and the bot's unfinished message: { messages, draft }. */
export const messages = (chat) => call(`messages?chat=${chat}`);

/** The calls the simulators have answered so far. */
export const calls = async () => (await call("calls")).calls;

/** Press an inline button. Its answer arrives as an event. */
export const press = (person, chat, message, data) => post("press", { person, chat, message, data });

/** Vote in a poll; null takes the vote back. */
export const vote = (person, chat, message, option) => post("vote", { person, chat, message, option });

/** Change the words of a message of this person. */
export const edit = (person, chat, message, text) => post("edit", { person, chat, message, text });

/** Delete a message of this person. */
export const remove = (person, chat, message) => post("delete", { person, chat, message });

/** Stop the bot's unfinished message. */
export const stop = (person, chat, draft) => post("stop", { person, chat, draft });

/** Perform a choice in a chat's menu; `more`: { name } of a new topic, { topic } for an existing one. */
export const group = (person, chat, act, more = {}) => post("group", { person, chat, act, ...more });

/** Make a group of all people; gives its chat. */
export const foundGroup = (person, title) => post("groups", { person, title });

/** Send an inline query. `fields`: person, chat, query, offset; resolves when the bot has answered. */
export const inline = (fields, signal) => post("inline", fields, signal);

/** Send an inline result. `fields`: person, query, result, topic, reply_to. */
export const choose = (fields) => post("choose", fields);

/** Ask a simulator to play a fault. */
export const fault = (service, detail) => post("faults", { service, fault: detail });

/** Forget all faults asked for. */
export const clearFaults = () => call("faults", { method: "DELETE" });

/** The address of a file, or of a preview at most `size` pixels on its longer side. */
export const fileUrl = (id, size) => `${BASE}file/${encodeURIComponent(id)}${size ? `?size=${size}` : ""}`;

/** Send words, files or both (several files become an album), or the `thing` of a kind. `fields` are those of the API; null is left out. */
export function send({ files = [], ...fields }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== "") form.append(name, value);
  for (const file of files) form.append("file", file, file.name || "picture.png");
  return call("send", { method: "POST", body: form });
}

/**
 * Follow the events; after a break the stream continues where it was.
 * `opened` runs at every start of the stream, `happened(event)` for each event, `lost` when the stream breaks.
 */
export function follow({ opened, happened, lost }) {
  let last = null;
  let pause = 250;
  const connect = () => {
    const stream = new EventSource(`${BASE}events${last === null ? "" : `?since=${last}`}`);
    stream.onopen = () => {
      pause = 250;
      opened();
    };
    stream.onmessage = (event) => {
      last = event.lastEventId || last;
      happened(JSON.parse(event.data));
    };
    stream.onerror = () => {
      stream.close();
      lost();
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 4000);
    };
  };
  connect();
}
