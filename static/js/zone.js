// Tells the site the device's time zone at the login: a guess, until the person chooses one under preferences.
document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=3600; samesite=lax`;
