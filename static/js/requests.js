/* What a person is told while htmx waits, and when the answer does not come. */
const root = document.documentElement;
let waiting = 0;

const toast = (item) => document.dispatchEvent(new CustomEvent("toasts", { detail: { items: [item] } }));
const say = (text, tone = "bad") => toast({ tone, text });
const changes = (event) => (event.detail.requestConfig?.verb ?? "get") !== "get";

document.addEventListener("htmx:beforeRequest", () => {
  waiting += 1;
  root.toggleAttribute("data-loading", true);
});
document.addEventListener("htmx:afterRequest", () => {
  waiting = Math.max(0, waiting - 1);
  root.toggleAttribute("data-loading", waiting > 0);
});

/* What a page asks by itself, again and again, fails as often: said once, and taken back when it goes on. */
const STILL = "This page cannot be renewed just now and shows how things stood. It goes on by itself as soon as it can.";
let isStill = false;
const asksByItself = ({ elt, triggeringEvent }) => !triggeringEvent && elt.matches("[hx-trigger*=every]");
function fails({ detail }, text) {
  if (!asksByItself(detail.requestConfig)) return say(text);
  if (!isStill) toast({ tone: "bad", text: STILL, about: "still" });
  isStill = true;
}
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!isStill || !detail.successful || !asksByItself(detail.requestConfig)) return;
  isStill = false;
  toast({ about: "still" });
});

/* A request that reached nobody, or whose answer was lost: only a GET surely changed nothing. */
function noAnswer(event) {
  fails(
    event,
    changes(event)
      ? "The server did not answer, so it is not known whether this was done. Reload the page before you try again."
      : "The server did not answer. Nothing was changed; try again.",
  );
}
document.addEventListener("htmx:sendError", noAnswer);
document.addEventListener("htmx:timeout", noAnswer);

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  // A view that explains itself by a toast of its own needs no second one.
  if (/"toasts"/.test(xhr.getResponseHeader("HX-Trigger") ?? "")) return;
  const words = {
    401: "You are signed out. Reload the page to sign in again.",
    403: "This was refused: your role does not allow it, or somebody else signed in meanwhile. Copy what you typed, reload the page, and try again.",
    404: "This is no longer there. Reload the page to see what is.",
    405: "This cannot be done here. Reload the page and try again.",
    409: "Somebody else was quicker. Reload the page to see how things stand.",
    413: "That is too large to take.",
    429: "Too many tries in a short time. Wait a minute and try again.",
    503: "This cannot be done just now. Try again in a minute.",
  };
  fails(event, words[xhr.status] ?? "Something went wrong on the server. Reload the page to see how things stand, then try again.");
});
document.addEventListener("htmx:swapError", () => say("The page could not show the answer. Reload it."));

/* The focus that would go with what is drawn anew: htmx keeps it where an id stands again. Else it goes to the row it was
   in, or to the one beside it, or to the page. */
let focused = null;
let rows = [];
document.addEventListener("htmx:beforeSwap", () => {
  focused = document.activeElement;
  const row = focused.closest("tr[id]");
  rows = row ? [row.id, row.nextElementSibling?.id, row.previousElementSibling?.id] : [];
});
document.addEventListener("htmx:afterSettle", () => {
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  const row = rows.map((id) => id && document.getElementById(id)).find(Boolean);
  (row?.querySelector("a, button") ?? document.getElementById("main"))?.focus({ preventScroll: true });
  focused = null;
});

/* A refusal that says how it is to be swapped explains itself in place: it is shown, and no toast says it again. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status >= 400 && detail.xhr.getResponseHeader("HX-Reswap")) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

/* While an answer is under way, another one may draw its target anew, or the link that asked for it. The answer goes to
   what stands under the target's id by then, unless that was asked for later; a part that draws itself anew is as old as
   what it draws. A link that has an id is asked once more where it stands anew: htmx looks beside the old one, which is
   nowhere, for what else the answer changes. */
let asked = 0;
const drawnBy = new Map();

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const { xhr, target, requestConfig } = detail;
  detail.asked = requestConfig.elt === target ? (drawnBy.get(target.id) ?? 0) : (asked += 1);
  xhr.addEventListener("readystatechange", () => {
    const current = xhr.readyState === XMLHttpRequest.DONE && !target.isConnected && document.getElementById(target.id);
    if (!current) return;
    detail.target = current;
    detail.isOutdated = detail.asked < drawnBy.get(current.id);
  });
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  const link = detail.requestConfig.elt;
  const heir = !detail.isOutdated && !link.isConnected && !changes(event) && document.querySelector(`a[id="${link.id}"]`);
  if (detail.isOutdated || heir) detail.shouldSwap = false;
  else if (detail.shouldSwap) drawnBy.set(detail.target.id, detail.asked);
  if (heir) heir.click();
});
