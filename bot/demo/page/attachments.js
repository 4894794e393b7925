// The pictures waiting in the composer: picked, dropped or pasted.

import { el, icon } from "./dom.js";
import { bytes, extension } from "./format.js";
import { many, t } from "./words.js";

const MAX_FILES = 10;
// The types that Telegram takes as photos; other types are sent as files, as its apps do.
const PHOTOS = new Set(["image/jpeg", "image/png", "image/webp"]);

/** A row of previews. `changed()` is called when files come or go, `say(sentence)` when there are too many. */
export class Attachments {
  #files = [];
  #asFiles = el("input", { type: "checkbox", test: "as-file" });

  constructor(node, { changed, say }) {
    this.node = node;
    this.changed = changed;
    this.say = say;
    this.#asFiles.addEventListener("change", () => this.#draw());
  }

  get count() {
    return this.#files.length;
  }

  add(files) {
    const room = MAX_FILES - this.#files.length;
    if (files.length > room) this.say(t("A message can hold at most {count} pictures.", { count: MAX_FILES }));
    for (const file of [...files].slice(0, room)) this.#files.push({ file, url: PHOTOS.has(file.type) ? URL.createObjectURL(file) : null });
    this.#draw();
  }

  /** Return the files and clear the row: { files, asDocument }. */
  take() {
    const taken = { files: this.#files.map(({ file }) => file), asDocument: this.#asFiles.checked };
    for (const { url } of this.#files) URL.revokeObjectURL(url);
    this.#files = [];
    this.#asFiles.checked = false;
    this.#draw();
    return taken;
  }

  #remove(entry) {
    URL.revokeObjectURL(entry.url);
    this.#files = this.#files.filter((other) => other !== entry);
    this.#draw();
  }

  #draw() {
    const mustBeFiles = this.#files.some(({ url }) => url === null);
    if (mustBeFiles !== this.#asFiles.disabled) this.#asFiles.checked = mustBeFiles;
    this.#asFiles.disabled = mustBeFiles;
    const asFiles = el("label.as-file", {}, this.#asFiles, t("Send as files"));
    const count = many(this.#files.length, "1 picture", "{count} pictures");
    this.node.hidden = this.#files.length === 0;
    this.node.replaceChildren(
      el("div.previews", {}, this.#files.map((entry) => this.#preview(entry))),
      el("div.attachment-foot", {}, el("span", { test: "attachment-count" }, count), asFiles),
    );
    this.changed();
  }

  #preview(entry) {
    const { file, url } = entry;
    const shown = url && !this.#asFiles.checked ? el("img", { src: url, alt: file.name }) : el("span.kind", {}, extension(file.name));
    const remove = el("button", { type: "button", test: "attachment-remove", "aria-label": t("Remove {name}", { name: file.name }), onclick: () => this.#remove(entry) }, icon("close"));
    return el("div.attachment", { test: "attachment", title: `${file.name}, ${bytes(file.size)}` }, shown, remove);
  }
}

/** Accept files dropped on `zone`; `cover` is shown during the drag. */
export function watchDrops(zone, cover, add) {
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  zone.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    cover.hidden = false;
  });
  zone.addEventListener("dragleave", (event) => (cover.hidden = !zone.contains(event.relatedTarget) || cover.hidden));
  zone.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    cover.hidden = true;
    add(event.dataTransfer.files);
  });
}
