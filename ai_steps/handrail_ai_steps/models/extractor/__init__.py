"""A model that learns where fields stand in documents, and reads them in this process, without a network."""
