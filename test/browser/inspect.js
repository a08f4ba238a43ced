({ width, prefixes }) => {
  const name = (e) => {
    const id = e.id ? "#" + e.id : "";
    const classes = typeof e.className === "string" && e.className ? "." + e.className.trim().split(/\s+/).join(".") : "";
    return e.tagName.toLowerCase() + id + classes;
  };

  const sideways = [];
  const scrolled = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (scrolled > width) {
    const inner = (e) => {
      for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
        if (getComputedStyle(p).overflowX !== "visible") return true;
      }
      return false;
    };
    for (const e of document.body.querySelectorAll("*")) {
      if (e.getBoundingClientRect().right > width + 0.5 && !inner(e)) sideways.push(name(e));
    }
    if (!sideways.length) sideways.push("the page, " + scrolled + " px wide");
  }

  const keys = new Set();
  if (prefixes?.length) {
    const key = new RegExp("(?<![\\w./@-])(?:" + prefixes.join("|") + ")\\.[a-z_]+(?:\\.[a-z_]+)*(?![\\w/@-])", "g");
    const look = (text) => (text.match(key) || []).forEach((k) => keys.add(k));
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (!walker.currentNode.parentElement.closest("code, pre, kbd, samp, script, style, template, textarea")) look(walker.currentNode.data);
    }
    for (const attribute of ["title", "placeholder", "aria-label", "alt"]) {
      for (const e of document.querySelectorAll("[" + attribute + "]")) look(e.getAttribute(attribute));
    }
    look(document.title);
  }

  const links = Array.from(document.querySelectorAll("a[href]:not([download])"), (a) => a.href.split("#")[0])
    .filter((href) => href.startsWith(location.origin + "/"));

  // Rows of a table differ in number, not in kind: what equals its neighbour counts once.
  const shape = (e) => {
    let children = "", last = "";
    for (const c of e.children) {
      const s = shape(c);
      if (s !== last) children += s;
      last = s;
    }
    return "<" + e.tagName + "." + (e.getAttribute("class") || "") + children + ">";
  };
  let hash = 5381;
  for (const c of shape(document.body)) hash = ((hash * 33) ^ c.codePointAt(0)) >>> 0;

  return {
    title: document.title,
    sideways: sideways.slice(0, 5),
    keys: Array.from(keys),
    links: Array.from(new Set(links)),
    structure: hash.toString(16),
  };
}
