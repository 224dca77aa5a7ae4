/* Placeholders put in where one writes: [data-insert] goes to the text field of its form that had the focus last. */
let last = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("form textarea, form input[type=text]")) last = event.target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button) return;
  const form = button.closest("form");
  const field = last?.isConnected && last.form === form ? last : form.querySelector("textarea");
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

/* A draft beside the editor: [data-fill] swaps the [data-filled] values of its own form with the fields of the form that
   it names. Pressed again it swaps them back: nothing that was typed is lost. Without that form it goes to the server. */
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fill]");
  const into = button && document.querySelector(button.dataset.fill);
  if (!into) return;
  event.preventDefault();
  for (const from of button.form.querySelectorAll("[data-filled]")) {
    const field = into.elements[from.name];
    [field.value, from.value] = [from.value, field.value];
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  [button.textContent, button.dataset.fillUndo] = [button.dataset.fillUndo, button.textContent];
});
