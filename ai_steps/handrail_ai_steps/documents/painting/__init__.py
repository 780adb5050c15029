"""How a PDF page is painted, as PDFium has it: its objects in order, marks on them, and what drawing it shows."""
