"""The base of answers: one approved answer, many renderings. Articles, versions, wordings, search."""
