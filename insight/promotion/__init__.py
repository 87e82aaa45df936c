"""Whether tonight's challenger may replace the champion: judged on a later time window."""
