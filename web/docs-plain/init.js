// Lists the operations of the OpenAPI document. Text goes in as text nodes only: nothing of the document is read as HTML.
"use strict";

const methods = ["get", "post", "put", "patch", "delete"];

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.append(text);
  made.append(...children);
  return made;
}

function resolve(document_, node) {
  if (!node || !node.$ref) return node || {};
  return node.$ref.replace("#/", "").split("/").reduce((at, key) => at[key.replace(/~1/g, "/").replace(/~0/g, "~")], document_);
}

function fields(api, schema) {
  const resolved = resolve(api, schema);
  const required = new Set(resolved.required || []);
  const rows = Object.entries(resolved.properties || {}).map(([name, property]) => {
    const detail = resolve(api, property);
    const type = [detail.type || "object"].flat().join(" or ");
    return element("tr", "", element("td", "", element("code", name)), element("td", type + (required.has(name) ? ", required" : "")),
      element("td", detail.description));
  });
  return rows.length ? [element("table", "", ...rows)] : [];
}

function operation(api, path, method, details) {
  const section = element("section", "", element("h2", "", element("b", method.toUpperCase()), " ", element("code", path)));
  section.append(element("p", details.description || details.summary));
  const body = resolve(api, details.requestBody).content;
  if (body) section.append(element("h3", "Request"), ...fields(api, Object.values(body)[0].schema));
  section.append(element("h3", "Responses"));
  const answers = Object.entries(details.responses || {}).map(([status, answer]) =>
    element("li", "", element("code", status), " ", resolve(api, answer).description || ""));
  section.append(element("ul", "", ...answers));
  return section;
}

async function show(target) {
  try {
    const answer = await fetch(new URL(target.dataset.openapi, document.baseURI));
    const api = await answer.json();
    document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
    for (const [path, item] of Object.entries(api.paths))
      for (const method of methods)
        if (item[method]) target.append(operation(api, path, method, item[method]));
  } catch (error) {
    target.append(element("p", `The API description could not be read: ${error.message}`));
  }
}

show(document.getElementById("reference"));
