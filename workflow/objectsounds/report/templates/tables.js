// Tables of class "sortable": the buttons in their heads sort by their column, down first, then up.
// Cells without a figure come last either way.
const figure = text => parseFloat(text.replace("−", "-").replace("> ", ""));
const textOf = (row, column) => row.cells[column] ? row.cells[column].textContent.trim() : "";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    const body = table.tBodies[0], words = head.classList.contains("text");
    const isEmpty = row => words ? textOf(row, column) === "" : isNaN(figure(textOf(row, column)));
    const rows = [...body.rows].sort((a, b) => {
      if (isEmpty(a) !== isEmpty(b)) return isEmpty(a) ? 1 : -1;
      const x = textOf(a, column), y = textOf(b, column);
      const order = words ? x.localeCompare(y) : figure(x) - figure(y) || 0;
      return down ? -order : order;
    });
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  }));
}
