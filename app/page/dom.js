// The few things that are done with elements everywhere.

/** Return the element with an id. */
export const byId = (id) => document.getElementById(id);

/** Return a new element. Names in `props` that it knows are set as properties, `on...` as listeners, others as attributes. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Set a custom property for the style sheets: the page's policy allows no style attributes. */
export function style(node, name, value) {
  node.style.setProperty(name, value);
  return node;
}

/** Have screen readers say something, without moving the focus. */
export function announce(words) {
  byId("announcer").textContent = words;
}
