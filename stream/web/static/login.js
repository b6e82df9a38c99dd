// Logs in. The form stands at the address that was wanted: that one is opened again afterwards, and no other.

const IN_ADDRESS = "#token=";
const form = document.getElementById("login");
const wrong = document.getElementById("wrong");
const button = form.querySelector("button");

function again() {
  if (location.hash) location.reload();
  else location.replace(location.pathname + location.search); // asked for by our own page, so the cookie goes along
}

function tell(text) {
  wrong.textContent = text;
  wrong.hidden = !text;
}

async function logIn() {
  tell("");
  button.disabled = true;
  const answer = await fetch("/api/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: form.elements.name.value.trim(), password: form.elements.password.value }),
  }).catch(() => null);
  button.disabled = false;
  if (answer?.ok) return again();
  form.elements.password.select();
  form.elements.password.focus();
  const said = (await answer?.json().catch(() => null))?.error;
  tell(said ?? "The line does not answer. Try again in a moment.");
}

/** A screen on the wall: the token in the address opens the page for looking. What follows # never leaves the browser. */
async function open(token) {
  history.replaceState(null, "", location.pathname + location.search); // gone from the address and from the history
  const answer = await fetch("/open", { method: "POST", body: new URLSearchParams({ token }) }).catch(() => null);
  if (answer?.ok) again();
  else tell("The token in the address is not this page's. Log in, or ask for the right address.");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn();
});
button.disabled = false; // not before: without this script the form would go to the line as it is
if (location.hash.startsWith(IN_ADDRESS)) open(decodeURIComponent(location.hash.slice(IN_ADDRESS.length)));
else if (document.documentElement.dataset.why === "no login" && (await fetch("/api/me")).ok) again(); // see open.js
