// What the pages' components do beyond HTML. Every page works without this file; it adds focus, announcements and a menu.

import { keepDrafts } from "./drafts.js";
import { createAll } from "govuk-frontend/dist/govuk/init.mjs";
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { NotificationBanner } from "govuk-frontend/dist/govuk/components/notification-banner/notification-banner.mjs";
import { PasswordInput } from "govuk-frontend/dist/govuk/components/password-input/password-input.mjs";
import { ServiceNavigation } from "govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";

const components = [Button, CharacterCount, ErrorSummary, NotificationBanner, PasswordInput, ServiceNavigation, SkipLink];

// A component that is there already is left alone when a part of the page is replaced around it.
const report = (error) => error.name === "InitError" || console.error(error);

function begin(scope) {
  for (const button of scope.querySelectorAll("form[method=post] button:not([type=button])")) {
    button.dataset.module ??= "govuk-button";
    button.dataset.preventDoubleClick ??= "true";
  }
  for (const component of components) createAll(component, undefined, { scope, onError: report });
}

// The account menu is a <details>; it closes as menus do: by Escape, and when one goes elsewhere.
function closing(menu) {
  const close = () => { menu.open = false; };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) close();
  });
}

document.body.classList.add("js-enabled", "govuk-frontend-supported");
keepDrafts();
begin(document);
document.querySelectorAll("details.account").forEach(closing);
document.body.addEventListener("htmx:afterSettle", (event) => begin(event.target));
