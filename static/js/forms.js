/* Forms: busy buttons, one submission, typing that is not lost by accident, passwords one can look at. */

const toast = (item) => document.dispatchEvent(new CustomEvent("toasts", { detail: { items: [item] } }));

/* Busy. `disabled` would drop the button's own name from what is posted, so it only says busy and takes no second press. */
const busy = new WeakMap(); // form -> submitter

const LONGEST = 45000; // ms, after which a page that is still here gives the button back

function begin(form, submitter) {
  const button = submitter ?? form.querySelector("button:not([type]), button[type=submit]");
  busy.set(form, button);
  button?.setAttribute("aria-busy", "true");
}
function end(form) {
  busy.get(form)?.removeAttribute("aria-busy");
  busy.delete(form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (form.method === "dialog") return;
  // After the other listeners: one of them may have called it off. htmx takes the event for itself, and says when it is done.
  setTimeout(() => {
    const byHtmx = form.matches("[hx-post], [hx-get], [hx-put], [hx-patch], [hx-delete]");
    if (byHtmx || event.defaultPrevented) return;
    dirty.delete(form);
    // A download, or another tab, leaves this page as it is.
    if (form.matches("[data-download], [target=_blank]")) return;
    begin(form, event.submitter);
    setTimeout(end, LONGEST, form);
  });
}, true);
document.addEventListener("htmx:beforeRequest", ({ detail, target }) => {
  if (target instanceof HTMLFormElement) begin(target, detail.requestConfig?.triggeringEvent?.submitter);
  else if (target.matches("button, .button")) target.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ target }) => {
  if (target instanceof HTMLFormElement) end(target);
  else target.removeAttribute?.("aria-busy");
});
/* A session that ended meanwhile answers with the sign-in page, or the way there, and has taken nothing. */
const SIGNED_OUT = "You are signed out. Sign in in another tab, and then go on here: what you typed stands as it is.";
function isSignIn(xhr) {
  const login = document.body.dataset.loginUrl;
  const way = xhr.getResponseHeader("HX-Redirect") || xhr.responseURL;
  return Boolean(login && way) && new URL(way, location).pathname === login && location.pathname !== login;
}
/* Go there, instead of showing it inside this page; but not away from what somebody is typing. What was taken is safe;
   said before htmx follows a redirect, which would ask whether to leave. */
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { detail, target } = event;
  if (!isSignIn(detail.xhr)) {
    if (detail.xhr.status < 300) {
      dirty.delete(target);
      toast({ about: "signed-out" });
    }
    return;
  }
  event.preventDefault();
  if (isDirty(document) || target.matches("[data-keeps]"))
    toast({ tone: "bad", text: SIGNED_OUT, about: "signed-out" });
  else location.assign(`${document.body.dataset.loginUrl}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
/* Who signs in again gets another token, and the old one is refused. The refusal brings the new one to a page of the same
   person; with it, what was asked for is asked once more. */
const TOKEN = "X-CSRFToken";
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, target, etc, requestConfig: asked } = event.detail;
  const token = xhr.getResponseHeader(TOKEN);
  if (!token || etc.headers) return;
  event.preventDefault();
  const { body } = document;
  body.setAttribute("hx-headers", JSON.stringify({ ...JSON.parse(body.getAttribute("hx-headers")), [TOKEN]: token }));
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
  const values = asked.formData;
  values.delete("csrfmiddlewaretoken");
  // After htmx is done with the first one.
  setTimeout(() =>
    htmx.ajax(asked.verb, asked.path, { source: asked.elt, event: asked.triggeringEvent, target, swap: etc.swapOverride, select: etc.select, values, headers: { [TOKEN]: token } }),
  );
});
/* Back from the browser's memory: the buttons must work again. */
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
});

/* The guard: form[data-guard] asks before what was typed is thrown away. */
const dirty = new Set();
const isDirty = (within) => [...dirty].some((form) => form.isConnected && within.contains(form));

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-guard]")) dirty.add(form);
});
document.addEventListener("reset", (event) => dirty.delete(event.target));
/* A form that was refused comes back anew: what was typed in it is as little kept as before. */
const refused = new Set(); // actions
document.addEventListener("htmx:beforeSwap", ({ detail, target }) => {
  refused.clear();
  if (detail.xhr.status !== 422) return;
  for (const form of dirty) if (target.contains(form)) refused.add(form.getAttribute("action"));
});
document.addEventListener("htmx:load", ({ target }) => {
  for (const form of [target, ...target.querySelectorAll("form")]) {
    if (form.matches("form[data-guard]") && refused.delete(form.getAttribute("action"))) dirty.add(form);
  }
});
/* What is on its way to be kept ([data-keeps]) is not lost; what did not arrive is. */
document.addEventListener("htmx:beforeRequest", ({ target }) => target.matches("[data-keeps]") && dirty.delete(target.closest("form")));
document.addEventListener("htmx:afterRequest", ({ detail, target }) => {
  if (target.matches("[data-keeps]") && (!detail.successful || isSignIn(detail.xhr))) dirty.add(target.closest("form"));
});
addEventListener("beforeunload", (event) => {
  if (isDirty(document)) event.preventDefault();
});
/* form[data-guard=thread] goes when #thread is filled anew by something else. */
document.addEventListener("htmx:confirm", (event) => {
  const { elt, target } = event.detail;
  const lost = [...dirty].filter((form) => form.isConnected && target && form.dataset.guard === target.id && !form.contains(elt));
  if (!lost.length) return;
  if (confirm("Throw away what you typed?")) lost.forEach((form) => dirty.delete(form));
  else event.preventDefault();
});
document.addEventListener("dialog:leave", (event) => {
  if (isDirty(event.target) && !confirm("Throw away what you typed?")) event.preventDefault();
  else for (const form of event.target.querySelectorAll("form")) dirty.delete(form);
});

/* Clicks: look at a password, copy a text. */
document.addEventListener("click", async (event) => {
  const reveal = event.target.closest?.("[data-reveal]");
  if (reveal) {
    const field = document.getElementById(reveal.getAttribute("aria-controls"));
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    reveal.textContent = shown ? "Show" : "Hide";
    reveal.setAttribute("aria-pressed", String(!shown));
  }
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    const text = copy.closest(".copy, [data-copy-from]").querySelector("[data-copy-text]").textContent.trim();
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    toast(done ? { tone: "good", text: "Copied." } : { tone: "warn", text: "The browser did not allow copying. Select the text and copy it by hand." });
  }
});

/* The confirmation that wants a name typed: its button waits for it. The server checks it again. */
function awaitName(field) {
  const button = field.form.querySelector("button[type=submit]");
  button.disabled = field.value.trim() !== field.dataset.typeToConfirm;
}
document.addEventListener("input", (event) => event.target.matches("[data-type-to-confirm]") && awaitName(event.target));

/* A choice that acts at once (a filter, an order): select[data-submit]. Its button is for those without scripts. */
document.addEventListener("change", (event) => event.target.matches("[data-submit]") && event.target.form.requestSubmit());

/* What only works with scripts appears with them, and the first thing that is wrong takes the focus. */
function dress(scope) {
  for (const button of scope.querySelectorAll("[data-reveal][hidden], [data-copy][hidden]")) button.hidden = false;
  for (const field of scope.querySelectorAll("[data-type-to-confirm]")) awaitName(field);
  for (const field of scope.querySelectorAll("[data-caret-last]")) field.setSelectionRange(field.value.length, field.value.length);
  const wrong = scope.querySelector("[data-focus-first]") ?? scope.querySelector("[aria-invalid=true]");
  if (!wrong?.closest("[data-no-focus]")) wrong?.focus();
}
dress(document);
document.addEventListener("htmx:afterSettle", (event) => dress(event.target));
