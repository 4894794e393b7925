// The open person, chat and topic in the address: #person=1&chat=2&topic=3. A reload keeps them.

const number = (text) => (text === null || text === "" ? undefined : Number(text));

/** The place in the address; missing parts are undefined. */
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
