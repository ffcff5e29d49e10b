// While a job runs, fetches the page every two seconds and replaces the list of jobs. The focus stays on its button.
(function look() {
  const list = document.querySelector("#desk-jobs[data-running]");
  if (!list) return;
  setTimeout(async () => {
    const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } }).catch(() => null);
    if (answer && answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const held = list.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
      list.replaceWith(page.getElementById("desk-jobs"));
      if (held) document.querySelector(`[aria-label="${CSS.escape(held)}"]`)?.focus();
    }
    look();
  }, 2000);
})();
