"""Cuts the code blocks out of documents and runs them as a notebook would.

`blocks` reads and mends the text, `standins` gives what the documents import and do not have, `execute` runs blocks and
records what they say, `graph_programs` checks the two programs in TensorFlow's words, which have no reference.
"""
