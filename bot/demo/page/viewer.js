// Pictures on the whole window: next and previous by button, key and swipe; a click shows them at full size.

import { fileUrl } from "./api.js";
import { el, icon } from "./dom.js";
import { moment } from "./format.js";
import { picture } from "./media.js";
import { t } from "./words.js";

const SWIPE_PX = 48;

const button = (name, label, test, act) =>
  el(`button.round.${test}`, { type: "button", "aria-label": label, title: label, test, onclick: act }, icon(name));

/** Open the viewer at one of `photos` (messages with a photo, in the order of the chat). */
export function openViewer(photos, at) {
  let index = Math.max(0, photos.findIndex((message) => message.id === at.id));
  const stage = el("div.viewer-stage", { test: "viewer-stage" });
  const words = el("div.viewer-words");
  const strip = el("div.viewer-strip", { test: "viewer-strip" });
  const caption = el("p.viewer-caption", { test: "viewer-caption", dir: "auto" });
  const counter = el("span.viewer-counter", { test: "viewer-counter" });
  const save = el("a.round", { download: "", test: "viewer-save", "aria-label": t("Save the picture"), title: t("Save") }, icon("download"));
  const close = button("close", t("Close"), "viewer-close", () => dialog.close());
  const before = button("left", t("Previous picture"), "viewer-previous", () => go(index - 1));
  const after = button("right", t("Next picture"), "viewer-next", () => go(index + 1));
  const top = el("header", {}, words, counter, save, close);
  const dialog = el("dialog.viewer", { test: "viewer", "aria-label": t("Pictures") }, top, stage, before, after, el("footer", {}, caption, strip));

  function go(to) {
    if (to < 0 || to >= photos.length) return;
    index = to;
    const message = photos[index];
    const { photo } = message;
    stage.replaceChildren(large(photo, () => stage.classList.toggle("full")));
    stage.classList.remove("full");
    words.replaceChildren(el("strong", {}, message.from.name), ` · ${moment(message.date)} · ${photo.width} × ${photo.height}`);
    counter.textContent = t("{number} of {count}", { number: index + 1, count: photos.length });
    caption.textContent = message.text ?? "";
    save.href = fileUrl(photo.file_id);
    save.download = `picture-${message.id}.jpg`;
    before.disabled = index === 0;
    after.disabled = index === photos.length - 1;
    drawStrip(message);
  }

  function drawStrip(message) {
    const album = message.album ? photos.filter((other) => other.album === message.album) : [];
    strip.hidden = album.length < 2;
    strip.replaceChildren(...album.map((other) => thumb(other, other === message, () => go(photos.indexOf(other)))));
  }

  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) go(index + step);
  });
  watchSwipes(stage, (step) => go(index + step), () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  go(index);
}

/** The preview at once, the full picture over it when loaded. */
function large(photo, toggle) {
  const box = el("button.viewer-picture", { type: "button", test: "viewer-picture", "aria-label": t("Show at full size, or fit"), onclick: toggle });
  const image = el("img", { src: fileUrl(photo.file_id, 640), alt: "", draggable: "false", width: photo.width, height: photo.height, test: "viewer-image", data: { file: photo.file_id } });
  const whole = new Image();
  whole.addEventListener("load", () => (image.src = whole.src));
  whole.src = fileUrl(photo.file_id);
  box.append(image);
  return box;
}

function thumb(message, current, act) {
  const node = el(
    "button.viewer-thumb",
    { type: "button", test: "viewer-thumb", "aria-current": current ? "true" : null, "aria-label": t("Show this picture"), data: { id: message.id }, onclick: act },
    picture(message.photo.file_id, 120),
  );
  return node;
}

function watchSwipes(stage, step, close) {
  let start = null;
  stage.addEventListener("pointerdown", (event) => (start = stage.classList.contains("full") ? null : event));
  stage.addEventListener("pointercancel", () => (start = null));
  stage.addEventListener("pointerup", (event) => {
    if (!start || start.pointerType === "mouse") return;
    const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
    start = null;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) step(x < 0 ? 1 : -1);
    else if (Math.abs(y) > 2 * SWIPE_PX) close();
  });
  stage.addEventListener("click", (event) => event.target === stage && close());
}
