// A paragraph was chosen: the keyboard goes on at the button that stands at the foot of the window, and the text stays.
document.querySelector("#picked button")?.focus({ preventScroll: true });
