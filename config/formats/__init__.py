"""How Django writes times at the desk: one folder per language, as Django's `FORMAT_MODULE_PATH` requires."""
