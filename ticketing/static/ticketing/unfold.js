// Unfold's pages under a content security policy that lets no text become a program. Its Alpine is here the build that
// reads expressions without evaluating them (../unfold/js/alpine/alpine.js). That build knows no globals and only one
// expression in an attribute; what Unfold's templates have beyond that is given here.
{
  const BEYOND = {
    "x-init": { "localStorage.setItem": "startPage()" },
    "x-on:click": { "localStorage.setItem('sidebarDesktopOpen'": "sidebarDesktopOpen = !sidebarDesktopOpen" },
    "x-bind:style": { "'width: ' + changeListWidth + 'px'": "{ width: changeListWidth + 'px' }" },
  };
  const storage = {
    getItem: (name) => localStorage.getItem(name),
    setItem: (name, value) => localStorage.setItem(name, value),
  };
  const address = {
    get pathname() { return location.pathname; },
    get search() { return location.search; },
    get hash() { return location.hash; },
    set href(link) { location.assign(link); },
  };

  htmx.config.includeIndicatorStyles = false; // a <style> of its own, which the policy forbids
  htmx.config.allowEval = false;

  document.addEventListener("alpine:init", () => {
    const globals = { localStorage: storage, window: { location: address }, getCurrentTab, startPage };
    Alpine.data("theme", (...given) => ({ ...theme(...given), ...globals }));
    for (const named of [searchForm, searchDropdown]) Alpine.data(named.name, named);
    for (const [attribute, expressions] of Object.entries(BEYOND)) {
      for (const element of document.querySelectorAll(`[${CSS.escape(attribute)}]`)) {
        const written = element.getAttribute(attribute);
        const found = Object.keys(expressions).find((part) => written.includes(part));
        if (found) element.setAttribute(attribute, expressions[found]);
      }
    }
  });

  // What the body's `x-init` says. Alpine calls it with the page's data as `this`.
  function startPage() {
    this.activeTab = getCurrentTab() || this.activeTab || "";
    this.$watch("sidebarDesktopOpen", (open) => storage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
  }
}
