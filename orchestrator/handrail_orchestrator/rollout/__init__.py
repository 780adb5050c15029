"""How far steps and versions are let loose: what runs ask, what people say, and challengers beside."""
