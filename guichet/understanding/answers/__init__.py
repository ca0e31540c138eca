"""From a citizen's question to the sheet that answers it, or to « I do not know ». Text in, proposals out."""
