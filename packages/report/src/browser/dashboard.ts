/** Placeholder until the live view is written. */
document.documentElement.classList.add("scripted");
