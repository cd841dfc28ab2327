"""Renderers of tables that are more than a few lines: LaTeX and HTML."""
