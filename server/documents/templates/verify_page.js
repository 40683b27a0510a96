"use strict";
(() => {
  const root = JSON.parse(document.getElementById("root").textContent);
  const lists = JSON.parse(document.getElementById("lists").textContent);
  const texts = JSON.parse(document.getElementById("texts").textContent);
  const results = document.getElementById("results"), code = document.getElementById("code");
  let language = (navigator.language || "zh").startsWith("zh") ? "zh_CN" : "en", last = [];
  window.leakfirstJudge = (files) => leakfirst.judgeFiles(files, root, lists);

  const t = (key) => texts[language][key] || key;
  const words = (problem) => {
    const [whole, number] = problem.split("#"), [key, rest] = whole.split(" ");
    return t(key) + (number ? ` (#${number})` : "") + (rest ? ` (${rest})` : "");
  };
  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });

  function show() {
    document.documentElement.lang = language === "en" ? "en" : "zh-CN";
    for (const item of document.querySelectorAll("[data-t]")) item.textContent = t(item.dataset.t);
    for (const item of document.querySelectorAll("[data-lang]")) item.setAttribute("aria-pressed", String(item.dataset.lang === language));
    results.replaceChildren(...last.map(card));
  }

  function card(found) {
    const wanted = code.value.replace(/\s/g, "").toUpperCase();
    const problems = [...found.problems, ...(wanted && found.code && found.code !== wanted ? ["seal_other_code"] : [])];
    const tone = problems.length ? "bad" : found.notes.length ? "warn" : "ok";
    const box = element("article", `card ${tone}`, "");
    const sign = { bad: "×", warn: "!", ok: "√" }[tone];
    box.append(element("h2", "", `${sign} ${t({ bad: "page_bad", warn: "page_partly", ok: "page_ok" }[tone])}`));
    box.append(element("p", "name", [found.name, found.number].filter(Boolean).join(" · ")));
    for (const problem of problems) box.append(element("p", "reason", words(problem)));
    for (const note of found.notes) box.append(element("p", "reason", words(note)));
    if (tone === "warn") box.append(element("p", "why", t("page_why")), element("p", "do", t("page_do")));
    if (!problems.length && !found.notes.length) box.append(element("p", "reason", t("ok")));
    if (found.code) box.append(element("p", "code", found.code.slice(0, 4) + " " + found.code.slice(4)));
    if (found.lines && found.lines.length && !found.problems.length) {
      const list = element("ul", "", "");
      list.append(...found.lines.map((line) => element("li", "", line)));
      box.append(list);
    }
    return box;
  }

  async function take(files) {
    const read = await Promise.all([...files].map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
    results.setAttribute("aria-busy", "true");
    try {
      last = await window.leakfirstJudge(read);
    } catch (error) {
      last = read.map((file) => ({ name: file.name, problems: ["page_old_browser"], notes: [] }));
    }
    results.removeAttribute("aria-busy");
    show();
  }

  const input = document.getElementById("files"), drop = document.getElementById("drop");
  input.addEventListener("change", () => take(input.files));
  code.addEventListener("input", show);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); take(event.dataTransfer.files); });
  for (const button of document.querySelectorAll("[data-lang]")) button.addEventListener("click", () => { language = button.dataset.lang; show(); });
  show();
})();
