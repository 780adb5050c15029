"""Charts as SVG text: pure functions of plain data, coloured by the page's style sheet."""
