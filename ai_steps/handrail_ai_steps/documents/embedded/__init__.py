"""Invoices that are written in a document as data: read exactly, compared with the page, and told apart."""
