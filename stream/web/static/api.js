// The page of the API: each call of /api/openapi.json with what may be asked of it and what it answers.

import { make } from "./elements.js";
import { keys } from "./keys.js";

keys([{ keys: ["j", "k"], says: "the next call, the one before; Enter opens it" }, { keys: ["j"], act: () => step(1) }, { keys: ["k"], act: () => step(-1) }]);

const answer = await fetch("/api/openapi.json").catch(() => null);
const list = document.getElementById("calls");
if (answer?.ok) show(await answer.json());
else list.textContent = "The line does not answer; load this page again.";

function show(api) {
  document.getElementById("about").textContent = api.info.description;
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, call] of Object.entries(methods)) list.append(callOf(api, method, path, call));
  }
}

/** From call to call. */
function step(by) {
  const calls = [...list.querySelectorAll(":scope > details > summary")];
  const at = calls.indexOf(document.activeElement);
  calls[Math.min(calls.length - 1, Math.max(0, at + by))]?.focus();
}

function callOf(api, method, path, call) {
  const head = make("summary", "", make("span", "method", method.toUpperCase()), make("span", "path", path), make("span", "what", call.summary));
  const inside = make("div", "inside", make("p", "", call.description));
  if (call.parameters.length) inside.append(make("h2", "", "Asked"), table(call.parameters.map((one) => [one.name, said(api, one.schema)])));
  const body = call.requestBody?.content["application/json"]?.schema;
  if (body) inside.append(make("h2", "", "Sent, as JSON"), ...tables(api, body));
  const [media, content] = Object.entries(call.responses["200"].content)[0];
  inside.append(make("h2", "", `Answered, as ${media}`));
  if (content.schema) inside.append(...tables(api, content.schema));
  return make("details", "call", head, inside);
}

function table(rows) {
  return make("table", "", ...rows.map(([name, text]) => make("tr", "", make("th", "", name), make("td", "", text))));
}

/** The fields of a type, and below them those of each type that it is made of. */
function tables(api, schema, known = new Set()) {
  const found = [table(fields(api, schema))];
  for (const ref of JSON.stringify(whatIs(api, schema)).matchAll(/"\$ref":"([^"]+)"/g)) {
    if (known.has(ref[1])) continue;
    known.add(ref[1]);
    found.push(make("h3", "", ref[1].split("/").pop()), ...tables(api, { $ref: ref[1] }, known));
  }
  return found;
}

function fields(api, schema) {
  const whole = whatIs(api, schema);
  return Object.entries(whole.properties ?? {}).map(([name, one]) => [name, said(api, one)]);
}

function whatIs(api, schema) {
  return schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema;
}

/** A schema in a few words. */
function said(api, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((one) => said(api, one)).join(" or ");
  if (schema.enum) return schema.enum.map((word) => word || "(empty)").join(" | ");
  const items = schema.items || schema.prefixItems?.[0];
  const of = items ? ` of ${said(api, items)}` : "";
  const limits = [["minimum", "from"], ["maximum", "to"], ["minLength", "at least"], ["maxLength", "at most"], ["maxItems", "at most"]]
    .filter(([name]) => name in schema).map(([name, word]) => `${word} ${schema[name].toLocaleString("en")}`);
  return [`${schema.type ?? "any"}${of}`, ...limits, schema.description].filter(Boolean).join(", ").replaceAll("`", "");
}
