// Options are moved up and down instead of numbered: each move writes the numbers, and what has one stands above what
// has none. The last one goes down out of the order. Without this the numbers are typed.
(() => {
  const list = document.querySelector("[data-ranks]");
  if (!list) return;
  const rows = [...list.children];
  const field = (row) => row.querySelector("input");
  const rank = (row) => +field(row).value || Infinity;

  const ranked = () => rows.filter((row) => field(row).value).sort((one, other) => rank(one) - rank(other));

  // `sort` is stable: equal ones stay as they came from the server.
  function sort() {
    const order = [...rows].sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)));
    // A row that is where it belongs stays untouched: moving one takes the focus, and what is being typed, out of it.
    if (order.some((row, at) => row !== list.children[at])) order.forEach((row) => list.append(row));
  }

  function move(row, by, button) {
    const order = ranked();
    const place = order.indexOf(row);
    if (place < 0) {
      order.push(row);
    } else {
      order.splice(place, 1);
      if (place + by <= order.length) order.splice(Math.max(place + by, 0), 0, row);
      else field(row).value = "";
    }
    order.forEach((each, at) => { field(each).value = at + 1; });
    sort();
    button.focus();
  }

  rows.forEach((row) => {
    let last = field(row);
    for (const [by, words] of [[-1, list.dataset.up], [1, list.dataset.down]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = words;
      button.setAttribute("aria-label", `${words}: ${row.querySelector("label").textContent.trim()}`);
      button.addEventListener("click", () => move(row, by, button));
      last.after(" ", button);
      last = button;
    }
    field(row).addEventListener("change", sort);
  });
  sort();
})();
