"""The bank: what the frozen stages of a pretrained network give for views, computed once for all runs."""
