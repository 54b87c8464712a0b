// The ends of a plan's parts can be dragged: a slider beside each number, which stops where a part may end. It writes the
// number, and what was counted is counted again. Without it the numbers are typed, and the page counts.
(() => {
  const data = document.getElementById("plan-ends");
  if (!data) return;
  const places = JSON.parse(data.textContent); // [number of a paragraph, words up to there], in order
  const rows = [...document.querySelectorAll("[data-part]")];
  const fields = rows.map((row) => row.querySelector("input[type=number]"));
  const last = places.length - 1;
  const sliders = [];

  const placeOf = (number) => {
    const place = places.findIndex(([at]) => at >= number);
    return place < 0 ? last : place;
  };
  const firstNumber = rows[0].querySelector("[data-first]").textContent;

  function count() {
    let before = 0, from = firstNumber;
    rows.forEach((row, part) => {
      const [to, words] = part < rows.length - 1 ? places[sliders[part].value] : places[last];
      row.querySelector("[data-first]").textContent = from;
      row.querySelector("[data-last]").textContent = to;
      row.querySelector("[data-words]").textContent = words - before;
      from = to + 1;
      before = words;
    });
  }

  // Who pushes one end against the next pushes that one along.
  function push(moved) {
    for (let part = moved + 1; part < sliders.length; part++) {
      if (+sliders[part].value <= +sliders[part - 1].value) set(part, +sliders[part - 1].value + 1);
    }
    for (let part = moved - 1; part >= 0; part--) {
      if (+sliders[part].value >= +sliders[part + 1].value) set(part, +sliders[part + 1].value - 1);
    }
  }

  function set(part, place) {
    const most = last - (sliders.length - part);
    sliders[part].value = Math.min(Math.max(place, part), most);
    fields[part].value = places[sliders[part].value][0];
    sliders[part].setAttribute("aria-valuetext", fields[part].value);
  }

  fields.forEach((field, part) => {
    if (!field) return;
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: last, step: 1 });
    slider.setAttribute("aria-label", field.labels[0].textContent);
    slider.value = placeOf(+field.value);
    slider.setAttribute("aria-valuetext", field.value);
    slider.addEventListener("input", () => { set(part, +slider.value); push(part); count(); });
    field.addEventListener("change", () => { slider.value = placeOf(+field.value); count(); });
    sliders[part] = slider;
    field.after(slider);
  });
})();
