// A paragraph was chosen: the keyboard goes on at the button that stands at the foot of the window, and the text stays.
// Once the page is there: going to the paragraph of the address takes the focus away.
const chosen = () => document.querySelector("#picked button")?.focus({ preventScroll: true });
if (document.readyState === "complete") chosen();
else addEventListener("load", () => setTimeout(chosen));
