"""From a folder of one's own actions to a released model: features once, then heads on folds of source videos."""
