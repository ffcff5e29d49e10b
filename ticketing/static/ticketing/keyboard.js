// Unfold opens menus by clicks on elements that the keyboard cannot reach. They become buttons, and the focus follows.
document.addEventListener("DOMContentLoaded", () => {
  const openers = document.querySelectorAll(":is(div, span, a:not([href]))[x-on\\:click]");
  [...openers].filter((opener) => opener.textContent.trim()).forEach((opener) => {
    opener.tabIndex = 0;
    opener.setAttribute("role", "button");
    opener.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      opener.click();
    });
  });

  follow(".desk-filter-button", "#changelist-filter", { closesItself: true });
  follow("[x-on\\:click*=openUserLinks]", "[x-show=openUserLinks]", { name: "Account" });
  follow("#header-inner [x-on\\:click*=sidebarMobileOpen]", "#nav-sidebar", { name: "Navigation" });

  function follow(opening, shown, { name, closesItself = false }) {
    const [opener, panel] = [opening, shown].map((selector) => document.querySelector(selector));
    if (!opener || !panel) return;
    if (name) opener.setAttribute("aria-label", name);
    opener.addEventListener("click", (event) => {
      const byKey = event.detail === 0; // a click of the pointer has a count
      if (byKey && !panel.checkVisibility()) focus(panel.querySelector("a[href], button, input:not([type=hidden])"));
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !opener.checkVisibility()) return;
      if (!closesItself) {
        event.stopPropagation(); // close only this menu
        opener.click();
      }
      opener.focus();
    });
  }

  // Tries again at every frame until the element can be focused, because Alpine shows it a little later.
  function focus(element, frames = 120) {
    element?.focus();
    if (element && document.activeElement !== element && frames) requestAnimationFrame(() => focus(element, frames - 1));
  }
});
