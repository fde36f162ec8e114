"""The bank: what the frozen stages of a pretrained network give for views of stills and clips, computed once for all runs."""
