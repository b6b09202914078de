// What was typed is not lost when a form is sent after the session has ended, or into a broken line: this tab keeps it,
// and puts it back into the form once the same person is there again. Passwords, codes and files are never kept, and
// nothing is after signing out or signing in as somebody else.

const KEY = "plumbline drafts";
const SECRET = /password|one-time-code/;
const named = document.querySelector('meta[name="person"]');
const person = named?.content;

function read() {
  try {
    return { forms: {}, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    return { forms: {} };
  }
}

// Where the browser keeps nothing, or no more, the form goes as it always does.
function write(drafts) {
  try {
    if (Object.keys(drafts.forms).length) sessionStorage.setItem(KEY, JSON.stringify(drafts));
    else sessionStorage.removeItem(KEY);
  } catch { /* see above */ }
}

const here = () => location.href.split("#")[0];
const placeOf = (form) => `${new URL(form.getAttribute("action") ?? here(), here()).href}#${form.getAttribute("id") ?? ""}`;
const isSecret = (control) => SECRET.test(control.type) || SECRET.test(control.autocomplete) || control.closest(".govuk-password-input");
const kept = (form) => [...form.elements].filter(
  (control) => control.name && control.name !== "csrfmiddlewaretoken" && /^(input|select|textarea)$/i.test(control.tagName) && control.type !== "file" && !isSecret(control),
);

// The forms that are typed into, by place. Of two that could be taken for each other neither is kept.
function byPlace() {
  const found = new Map();
  for (const form of document.querySelectorAll("form.page[method=post]")) {
    found.set(placeOf(form), found.has(placeOf(form)) ? null : form);
  }
  return found;
}

function values(form) {
  const names = new Set(kept(form).map((control) => control.name));
  return [...new FormData(form)].filter(([name, value]) => names.has(name) && typeof value === "string");
}

// What is hidden goes back too: of which edition the form was, so that a newer one is not written over unseen.
function putBack(form, said) {
  const left = new Map();
  for (const [name, value] of said) left.set(name, [...(left.get(name) ?? []), value]);
  for (const control of kept(form)) {
    const given = left.get(control.name) ?? [];
    if (/^(checkbox|radio)$/.test(control.type)) control.checked = given.includes(control.value);
    else if (control.options) for (const option of control.options) option.selected = given.includes(option.value);
    else if (given.length) control.value = given.shift();
  }
  for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
}

function tell(form) {
  const notice = document.createElement("div");
  notice.className = "notice warning";
  notice.tabIndex = -1;
  notice.setAttribute("role", "alert");
  const text = document.createElement("p");
  const again = [...form.elements].some((control) => control.type === "file" || isSecret(control));
  text.textContent = `What you typed is back in this form. It is not saved yet.${again ? " Files and passwords are to be given again." : ""}`;
  notice.append(text);
  form.before(notice);
  notice.focus();
}

// A page that the browser was led to from the form is the answer to it; one gone back to, or come to otherwise, is not,
// nor is one that says why the form went nowhere.
function isAnswer(sent) {
  return sent && named.dataset.answers === "yes" && document.referrer === sent.page && performance.getEntriesByType("navigation")[0]?.type === "navigate";
}

// On a page with nobody's name on it, where one signs in, all stays as it is.
export function keepDrafts() {
  let drafts = read();
  if (person) {
    if (drafts.person !== person) drafts = { person, forms: {} };
    if (isAnswer(drafts.sent)) delete drafts.forms[drafts.sent.place];
    for (const [place, form] of byPlace()) {
      if (!form || !drafts.forms[place]) continue;
      putBack(form, drafts.forms[place]);
      tell(form);
      delete drafts.forms[place];
    }
  }
  if (Object.keys(drafts.forms).length) {
    for (const note of document.querySelectorAll("[data-kept]")) note.hidden = false;
  }
  delete drafts.sent;
  write(drafts);
  document.addEventListener("submit", (event) => keep(event.target), true);
}

function keep(form) {
  if (form.hasAttribute("data-forgets")) write({ forms: {} });
  const place = placeOf(form);
  const isTypedInto = kept(form).some((control) => control.type !== "hidden");
  if (!person || !isTypedInto || byPlace().get(place) !== form) return;
  write({ person, sent: { place, page: here() }, forms: { ...read().forms, [place]: values(form) } });
}
