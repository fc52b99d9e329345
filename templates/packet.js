// Search, filter and sort inside this page. Reads and writes nothing else; the
// page is complete without it.
"use strict";
(function () {
  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text !== undefined) { element.textContent = text; }
    return element;
  }
  function bodyRows(table) {
    return Array.prototype.slice.call(table.tBodies[0].rows);
  }
  // A heading row inside a table is shown while one of its rows is.
  function showGroups(table) {
    var group = null, any = false;
    bodyRows(table).forEach(function (row) {
      if (row.classList.contains("group")) {
        if (group) { group.classList.toggle("off", !any); }
        group = row; any = false;
      } else if (!row.classList.contains("off")) { any = true; }
    });
    if (group) { group.classList.toggle("off", !any); }
  }
  var filters = [];
  function filterable(table) {
    var rows = bodyRows(table).filter(function (row) { return !row.classList.contains("group") && !row.classList.contains("origin"); });
    // A record has a second row with its origin, which goes with it.
    var origins = rows.map(function (row) {
      var next = row.nextElementSibling;
      return next && next.classList.contains("origin") ? next : null;
    });
    if (rows.length < 6) { return; }
    var tools = make("div", { "class": "tools", "role": "search" });
    var name = table.getAttribute("data-name") || "this table";
    var input = make("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter rows of " + name });
    tools.appendChild(input);
    var choice = null;
    if (table.hasAttribute("data-verdicts")) {
      choice = make("select", { "aria-label": "Verdict" });
      choice.appendChild(make("option", { value: "" }, "All verdicts"));
      var seen = [];
      rows.forEach(function (row) {
        var id = row.getAttribute("data-verdict");
        if (seen.indexOf(id) < 0) { seen.push(id); choice.appendChild(make("option", { value: id }, row.getAttribute("data-shown"))); }
      });
      tools.appendChild(choice);
    }
    var state = make("span", { "class": "small", "aria-live": "polite" });
    tools.appendChild(state);
    table.parentNode.insertBefore(tools, table);
    var texts = rows.map(function (row, at) {
      return (row.textContent + " " + (origins[at] ? origins[at].textContent : "")).toLowerCase();
    });
    function apply() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(function (row, at) {
        var fits = words.every(function (word) { return texts[at].indexOf(word) >= 0; }) &&
          (!choice || !choice.value || row.getAttribute("data-verdict") === choice.value);
        row.classList.toggle("off", !fits);
        if (origins[at]) { origins[at].classList.toggle("off", !fits); }
        if (fits) { shown += 1; }
      });
      showGroups(table);
      state.textContent = shown === rows.length ? rows.length + " rows" : shown + " of " + rows.length + " rows shown";
    }
    input.addEventListener("input", apply);
    if (choice) { choice.addEventListener("change", apply); }
    apply();
    filters.push(function () { input.value = ""; if (choice) { choice.value = ""; } apply(); });
  }
  function sortable(table) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var text = head.textContent;
      if (!text.trim()) { return; }
      // Not a button element: browsers do not print those in heads that repeat on each page.
      var button = make("span", { role: "button", tabindex: "0", title: "Sort by this column" }, text);
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); button.click(); }
      });
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var numeric = head.classList.contains("n");
        var keyed = bodyRows(table).map(function (row, at) {
          var key = row.cells[column] ? row.cells[column].textContent.trim() : "";
          return { row: row, at: at, key: numeric ? Number(key.replace(/[^0-9]/g, "")) : key };
        });
        keyed.sort(function (one, other) {
          var order = one.key < other.key ? -1 : one.key > other.key ? 1 : one.at - other.at;
          return down ? -order : order;
        });
        keyed.forEach(function (one) { table.tBodies[0].appendChild(one.row); });
      });
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll("table.filter"), filterable);
  Array.prototype.forEach.call(document.querySelectorAll("table.sort"), sortable);

  // Long lists start folded; a link into one, or printing, unfolds it.
  var folds = Array.prototype.slice.call(document.querySelectorAll("details.fold"));
  folds.forEach(function (one) { one.open = false; });
  function unfold() {
    var target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (!target) { return; }
    if (target.classList.contains("off")) { filters.forEach(function (reset) { reset(); }); }
    for (var at = target; at; at = at.parentElement) { if (at.tagName === "DETAILS") { at.open = true; } }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  window.addEventListener("beforeprint", function () { folds.forEach(function (one) { one.open = true; }); });
  unfold();

  // The box in the contents narrows the list of controls.
  var list = document.getElementById("contents-controls");
  if (list && list.children.length > 5) {
    var find = make("input", { type: "search", placeholder: "Find a control", "aria-label": "Find a control" });
    list.parentNode.insertBefore(find, list);
    find.addEventListener("input", function () {
      var word = find.value.toLowerCase();
      Array.prototype.forEach.call(list.children, function (item) {
        item.classList.toggle("off", item.textContent.toLowerCase().indexOf(word) < 0);
      });
    });
  }
})();
