// Shows what this browser is told, and opens it. Served at /push-worker.js, so that it may look for open tabs anywhere.
"use strict";

const SITE = self.location.origin;
const DEVICES = "/me/devices/";

// Only addresses of our own, whatever a message says.
const addressIn = (data) => {
  const address = URL.parse(data?.address || "/", SITE);
  return address?.origin === SITE ? address.href : `${SITE}/`;
};

const show = (message) => {
  let data = {};
  try {
    data = message?.json() ?? {};
  } catch {
    // Not ours to read. Something is shown nevertheless: browsers ask for it.
  }
  const { title, body, tag } = { title: self.location.host, body: "", tag: "", ...data };
  return self.registration.showNotification(title, { body, tag, renotify: Boolean(tag), data: { address: addressIn(data) } });
};

// A tab that shows it already comes to the front; else it is opened.
const goTo = async (address) => {
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = tabs.find(({ url }) => url === address);
  return tab ? tab.focus() : self.clients.openWindow(address);
};

// The browser has given its subscription another address: the site is told, if somebody is signed in here.
const renew = async (after) => {
  const asked = await fetch(DEVICES, { redirect: "error", credentials: "same-origin" });
  const { key, token } = await asked.json();
  if (!key) return;
  const { pushManager } = self.registration;
  const now = after ?? (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = now.toJSON();
  await fetch(DEVICES, {
    method: "POST",
    body: new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth }),
    headers: { "X-CSRFToken": token },
    credentials: "same-origin",
    redirect: "error",
  });
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(goTo(addressIn(event.notification.data)));
});
self.addEventListener("pushsubscriptionchange", (event) =>
  event.waitUntil(renew(event.newSubscription)),
);
