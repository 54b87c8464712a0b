// The page shows at once what is chosen, before it is saved. Without this script "Look at it first" does.
(() => {
  "use strict";

  const form = document.getElementById("preferences");
  const root = document.documentElement.dataset;
  const show = () => {
    const chosen = new FormData(form);
    root.size = chosen.get("text_size");
    for (const name of ["measure", "scheme", "motion"]) root[name] = chosen.get(name);
  };

  form.querySelector("[name=preview]").hidden = true;
  form.addEventListener("change", show);
  show(); // a browser that restores the form has not told of a change
})();
