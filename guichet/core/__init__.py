"""What every room stands on: days, references, words, numbers, addresses and files. No rule of a trade."""
