"""Sources of a record's fields: data in a document, the fields of a form, and several asked for one record."""
