// Pictures and files inside a bubble. Every picture's size is known before it is loaded, so nothing jumps.

import { fileUrl } from "./api.js";
import { el, icon } from "./dom.js";
import { bytes, extension } from "./format.js";
import { mosaic } from "./mosaic.js";
import { t } from "./words.js";

const WIDTH = 300;
const HEIGHT = 380;
const MIN_WIDTH = 140;
const MIN_CAPTIONED_WIDTH = 240;
// The types that browsers draw; a preview of another type would be an error in the console.
const DRAWN = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);

/** One photo, or several as an album. Returns { node, width }: the width in pixels that the bubble should have. */
export function photos(messages, { captioned, revealed, open, reveal }) {
  const tiles = messages.map((message) => tile(message, { hidden: message.spoiler && !revealed.has(`${message.chat}:${message.id}`), open, reveal }));
  if (messages.length === 1) return single(messages[0].photo, tiles[0], captioned);
  const layout = mosaic(messages.map(({ photo }) => photo.width / photo.height));
  layout.tiles.forEach((place, index) => {
    for (const [key, name] of [["x", "left"], ["y", "top"], ["width", "width"], ["height", "height"]]) {
      tiles[index].style[name] = `${(place[key] * 100).toFixed(3)}%`;
    }
  });
  const node = el("div.media.album", { test: "album", data: { count: messages.length }, css: { "aspect-ratio": layout.ratio } }, tiles);
  return { node, width: WIDTH };
}

function single(photo, only, captioned) {
  const ratio = photo.width / photo.height;
  const least = captioned ? MIN_CAPTIONED_WIDTH : MIN_WIDTH;
  const width = Math.round(Math.max(least, Math.min(WIDTH, photo.width, HEIGHT * ratio)));
  const height = Math.round(Math.min(HEIGHT, Math.max(width / ratio, 72)));
  const node = el("div.media", { css: { "aspect-ratio": `${width} / ${height}` } }, only);
  return { node, width };
}

function tile(message, { hidden, open, reveal }) {
  const { photo } = message;
  const act = () => (hidden ? reveal(message) : open(message));
  const label = hidden ? t("Hidden picture, show it") : t("Picture {width} × {height}, open", photo);
  return el(
    hidden ? "button.tile.hidden-picture" : "button.tile",
    { type: "button", test: "photo", "aria-label": label, data: { id: message.id, file: photo.file_id }, onclick: act },
    picture(photo.file_id, photo.width > photo.height * 2.2 ? 960 : 640),
  );
}

/** An image that fades in when loaded, and shows when it can't be loaded. */
export function picture(file, size) {
  const image = el("img.picture", { alt: "", loading: "lazy", decoding: "async", draggable: "false", data: { picture: `${file}/${size}` } });
  image.addEventListener("load", () => image.classList.add("loaded"));
  image.addEventListener("error", () => image.replaceWith(el("span.broken", {}, icon("broken"))));
  image.src = fileUrl(file, size);
  return image;
}

/** A document as a row with its kind, name and size; a click downloads it. */
export function documentRow({ id, document: file }) {
  const seen = DRAWN.has(file.mime_type);
  const mark = seen ? picture(file.file_id, 120) : el("span.kind", {}, extension(file.name));
  return el(
    "a.document",
    { href: fileUrl(file.file_id), download: file.name, test: "document", data: { id, file: file.file_id }, "aria-label": t("Download {name}, {size}", { name: file.name, size: bytes(file.size) }) },
    el("span.thumb", {}, mark, el("span.arrow", {}, icon("download"))),
    el("span.file-words", {}, el("span.file-name", {}, file.name), el("span.file-size", {}, `${bytes(file.size)} · ${extension(file.name)}`)),
  );
}
