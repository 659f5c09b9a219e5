"""From the records of a run to pages: XML, HTML, Markdown."""
