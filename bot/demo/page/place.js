// Where one is, kept in the address: #person=1&chat=2&topic=3. A reload stays there.

const number = (text) => (text === null || text === "" ? undefined : Number(text));

/** The place the address names; what it doesn't name is undefined. */
export function placeInAddress() {
  const hash = new URLSearchParams(location.hash.slice(1));
  return { person: number(hash.get("person")), chat: number(hash.get("chat")), topic: number(hash.get("topic")) ?? null };
}

/** Keep the address in step with the store, both ways. */
export function watchPlace(store) {
  store.on("place", () => {
    const hash = new URLSearchParams({ person: store.person, chat: store.chat });
    if (store.topic !== null) hash.set("topic", store.topic);
    if (location.hash !== `#${hash}`) history.replaceState(null, "", `#${hash}`);
  });
  addEventListener("hashchange", () => store.world && store.go(placeInAddress()));
}
