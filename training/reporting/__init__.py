"""Figures as people read them: tables, model cards, plots."""
