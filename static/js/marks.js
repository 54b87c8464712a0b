// Marks at comments: a click renews the bar alone, and the focus stays on the button. Without this script the same
// buttons send the form that stands in the discussion.
(() => {
  "use strict";

  const renew = async (button) => {
    const bar = button.closest(".marks");
    const body = new FormData(button.form, button);
    bar.nextElementSibling?.matches("[role=status]") && bar.nextElementSibling.remove();
    bar.setAttribute("aria-busy", "true");
    try {
      const part = await readingGroup.fetchPart(button.formAction, { method: "POST", body });
      const isOpen = bar.querySelector("details")?.open;
      const box = document.createElement("template");
      box.innerHTML = part;
      const renewed = box.content.querySelector(".marks");
      bar.replaceWith(box.content);
      if (isOpen) renewed?.querySelector("details")?.setAttribute("open", "");
      renewed?.querySelector(`[value="${button.value}"]`)?.focus({ preventScroll: true });
    } catch ({ reason }) {
      const line = Object.assign(document.createElement("span"), { className: "problems", role: "status" });
      line.textContent = reason || button.form.dataset.trouble;
      bar.after(line);
    } finally {
      bar.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "react" || !event.submitter?.closest(".marks")) return;
    event.preventDefault();
    if (event.submitter.closest("[aria-busy]")) return;
    renew(event.submitter);
  });
})();
