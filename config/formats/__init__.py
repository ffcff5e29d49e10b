"""How Django writes times at the desk: a folder for each language, by Django's `FORMAT_MODULE_PATH`."""
