// Asks for the token. An address may carry it as `/#token=…`: what follows # never leaves the browser by itself.

const IN_ADDRESS = "#token=";

async function begin() {
  const form = document.querySelector("form");
  if (location.hash.startsWith(IN_ADDRESS)) {
    form.token.value = decodeURIComponent(location.hash.slice(IN_ADDRESS.length));
    history.replaceState(null, "", "/"); // gone from the address and from the history
    form.submit();
  } else if (document.documentElement.dataset.why === "no token") {
    // Who follows a link from another site comes without the cookie; our own request has it.
    if ((await fetch("/status.json")).ok) location.reload();
  }
}

begin();
