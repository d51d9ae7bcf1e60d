"""The script of the page on which people ask. What it is told becomes text, never markup."""

SCRIPT = r"""(() => {
  "use strict";
  const at = (id) => document.getElementById(id), form = at("ask"), rate = at("rate");
  const made = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const buttons = [...rate.querySelectorAll("button")];
  let asking = null, numbers = new Map(), request = "";

  const state = (tone, word, text) => {
    const mark = word ? [made("span", word, { class: `state ${tone}` })] : [];
    at("state").replaceChildren(...mark, ` ${text}`);
  };
  const failed = (told) => {
    state("bad", "failed", told.error || "The answer broke off.");
    at("next").hidden = false;
    at("next").replaceChildren(made("b", "Next:"), ` ${told.next || "ask again."}`);
  };
  const clear = () => {
    numbers = new Map();
    for (const id of ["answer", "found", "how", "next"]) at(id).replaceChildren();
    for (const id of ["next", "rate", "passages"]) at(id).hidden = true;
  };

  // A document may name any address; a link leads to a page, and to nothing that runs here.
  const link = (address) => {
    try {
      if (!["http:", "https:"].includes(new URL(address).protocol)) return made("span", address);
    } catch (error) { return made("span", address); }
    return made("a", address, { href: address, target: "_blank", rel: "noopener noreferrer" });
  };
  const passage = (hit, number) => {
    const item = made("li"), details = made("details", undefined, { id: `passage-${number}` });
    const head = made("summary", `${number}. ${hit.titles.join(" > ")}`);
    const where = made("small", `${hit.source}, ${hit.licence}: `);
    where.append(link(hit.url));
    const gap = hit.withheld ? [made("small", `Not all of it is shown: ${hit.withheld}. `)] : [];
    details.append(head, made("p", hit.text), ...gap, where);
    item.append(details);
    return item;
  };
  const citation = (id) => {
    const number = numbers.get(id);
    if (!number) return made("sup", "[?]");
    at(`passage-${number}`).parentElement.classList.add("cited");
    const mark = made("sup"), anchor = made("a", `[${number}]`, { href: `#passage-${number}` });
    anchor.addEventListener("click", () => { at(`passage-${number}`).open = true; });
    mark.append(anchor);
    return mark;
  };

  const told = {
    hits: (said) => {
      request = said.request_id;
      said.hits.forEach((hit, place) => numbers.set(hit.id, place + 1));
      at("found").replaceChildren(...said.hits.map((hit, place) => passage(hit, place + 1)));
      at("passages").hidden = !said.hits.length;
      state("", "", "Reading what was found …");
    },
    sentence: (said) => {
      const line = made("p", said.text);
      line.append(...said.citations.map(citation));
      at("answer").append(line);
    },
    done: (said) => {
      rate.hidden = false;
      rate.querySelector("span").textContent = "";
      for (const button of buttons) button.disabled = false;
      if (said.refused) return state("open", "no answer", said.reason);
      state("", "", "");
      const found = "Sentences of the documentation, as they stand there: "
        + "nothing was written for you.";
      const written = `Written by ${said.language_model}; each sentence was compared with `
        + "what it cites. Read that before you act.";
      at("how").textContent = said.stood_in ? `The language model did not answer. ${found}`
        : said.language_model ? written : found;
    },
    error: failed,
  };

  const heard = (block) => {
    let name = "", data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!Object.hasOwn(told, name)) return false;
    told[name](JSON.parse(data));
    return name === "done" || name === "error";
  };
  const refused = async (answer) => {
    const gone = { error: "You are not logged in any more.", next: "reload the page." };
    if (answer.status === 401) return failed(gone);
    const unknown = { error: `The server answered ${answer.status}.` };
    failed(await answer.json().catch(() => unknown));
  };
  const sent = (path, body, signal) => fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body), signal,
  });

  const ask = async (question, signal) => {
    const answer = await sent("question", { question }, signal);
    if (!answer.ok) return refused(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "", ended = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) ended = heard(block) || ended;
    }
    if (!ended) failed({});
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const question = form.elements.question.value.trim();
    if (!question) return;
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    clear();
    state("", "", "Searching …");
    try { await ask(question, mine.signal); }
    catch (error) { if (!mine.signal.aborted) failed({}); }
  });
  form.elements.question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const thank = async (button) => {
    for (const other of buttons) other.disabled = true;
    const about = { request_id: request, useful: button.value === "yes" };
    const answer = await sent("feedback", about).catch(() => null);
    const taken = answer && answer.ok;
    rate.querySelector("span").textContent = taken ? "Thank you." : "It was not taken.";
  };
  for (const button of buttons) button.addEventListener("click", () => thank(button));
})();"""
