"""From the records of runs and estimates to pages: HTML, Markdown, XML, annotations."""
