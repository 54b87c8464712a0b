// The section of devices: this browser joins or leaves. It asks for permission only when somebody has clicked.
(() => {
  "use strict";

  const section = document.getElementById("push");
  if (!section) return;
  const words = section.dataset;
  const list = document.getElementById("push-devices");
  const [join, leave, said] = ["join", "leave", "said"].map((name) => section.querySelector(`[data-${name}]`));
  const say = (sentence) => (said.textContent = sentence);

  // What the browser has subscribed to belongs to this site's key of now, or it is of no use.
  const keyOf = (subscription) =>
    btoa(String.fromCharCode(...new Uint8Array(subscription.options.applicationServerKey ?? [])))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const send = async (address, fields) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams(fields);
    const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token } });
    if (answer.status === 422) throw new Error(await answer.text());
    if (!answer.ok || answer.redirected) throw new Error(words.lost);
    list.innerHTML = await answer.text();
  };

  const subscribe = async () => {
    const worker = await navigator.serviceWorker.register(words.worker);
    await navigator.serviceWorker.ready;
    const before = await worker.pushManager.getSubscription();
    if (before && keyOf(before) === words.key) return before;
    await before?.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: words.key });
  };

  const joining = async () => {
    if ((await Notification.requestPermission()) !== "granted") {
      return Notification.permission === "denied" ? words.refused : words.notYet;
    }
    const subscription = await subscribe().catch(() => null);
    if (!subscription) return words.failed;
    const { endpoint, keys } = subscription.toJSON();
    await send(words.address, { endpoint, p256dh: keys.p256dh, auth: keys.auth });
    return words.on;
  };

  const leaving = async () => {
    const worker = await navigator.serviceWorker.getRegistration(words.worker);
    await send(words.leaves);
    await (await worker?.pushManager.getSubscription())?.unsubscribe();
    return words.off;
  };

  const show = () => {
    const isHere = Boolean(list.querySelector("[data-here]"));
    const refused = Notification.permission === "denied";
    if (refused && !said.textContent) say(words.refused);
    join.hidden = isHere || refused;
    leave.hidden = !isHere;
  };

  const does = (button, act) => async () => {
    button.disabled = true;
    say("");
    try {
      say(await act());
    } catch (error) {
      say(error instanceof TypeError || !error.message ? words.lost : error.message);
    }
    button.disabled = false;
    show();
    [join, leave].find((other) => !other.hidden)?.focus(); // the one that was clicked may be gone
  };

  section.querySelector("[data-without-script]").hidden = true;
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    say(words.unable);
    return;
  }
  join.addEventListener("click", does(join, joining));
  leave.addEventListener("click", does(leave, leaving));
  show();
})();
