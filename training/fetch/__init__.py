"""Getting data sets: what can be downloaded is, resumably; what needs a person is explained."""
