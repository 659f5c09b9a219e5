"""From a request to tokens, refusals and money; never opens a socket."""
