// What scrolls sideways can be reached and scrolled with the keyboard too.
function letFocus() {
  const wide = "pre, div.math, .output, .pst-scrollable-table-container, .math mjx-container";
  for (const box of document.querySelectorAll(wide)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}
window.addEventListener("load", letFocus);
window.addEventListener("resize", letFocus);
