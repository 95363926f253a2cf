// What scrolls sideways can be reached and scrolled with the keyboard too.
function letFocus() {
  const wide = "pre, div.math, .output, .pst-scrollable-table-container, .math mjx-container";
  for (const box of document.querySelectorAll(wide)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}

// A table that colours its cells by their values: black or white, whichever is easier to read.
function colourText() {
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  for (const cell of document.querySelectorAll(".cell_output td[style*='background']")) {
    const [red, green, blue, alpha = 1] = getComputedStyle(cell)
      .backgroundColor.match(/[\d.]+/g)
      .map(Number);
    const [r, g, b] = [red, green, blue].map((c) => linear(1 + alpha * (c / 255 - 1))); // on white
    cell.style.color = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  }
}

document.addEventListener("DOMContentLoaded", colourText);
window.addEventListener("load", letFocus);
window.addEventListener("resize", letFocus);
document.addEventListener("toggle", letFocus, true); // what was folded is measured when it opens
